import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositorySuite } from "../repository-suite.fixture.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./open.ts";

const dir = mkdtempSync(join(tmpdir(), "ll-store-"));
let store: Store;
beforeAll(() => {
  store = openSqliteStore(join(dir, "loadline.db"), systemClock());
});
afterAll(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

repositorySuite("SQLite", () => store);

describe("a file that cannot be opened", () => {
  it("is not called damaged for a statement that its tables do not take", () => {
    const path = join(dir, "others.db");
    using db = new DatabaseSync(path);
    const ours = `PRAGMA user_version = 1; PRAGMA application_id = ${0x6c_6c_6f_61}`;
    db.exec(`CREATE TABLE store_facts (name TEXT); ${ours}`);
    const code = "LL_STATE_UNUSABLE";
    expect(() => openSqliteStore(path, systemClock())).toThrow(expect.objectContaining({ code }));
  });
});

describe("the thread that reads", () => {
  it("is started by no gateway's start and no count of its keys, only by long lists", async () => {
    const path = join(dir, "threads.db");
    await using store = openSqliteStore(path, systemClock());
    const { facts, keys } = store.repositories;
    await facts.set("a", "b");
    const withWriter = store.connections().size;
    expect(await keys.list({ limit: 1 })).toEqual([]);
    expect(await keys.countActive(0)).toBe(0);
    expect(store.connections().size).toBe(withWriter);
    expect(await keys.list()).toEqual([]);
    expect(store.connections().size).toBe(withWriter + 1);
  });
});

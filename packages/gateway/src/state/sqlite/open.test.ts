import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll } from "vitest";
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

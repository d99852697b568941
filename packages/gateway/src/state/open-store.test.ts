import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Secret } from "../config/values.ts";
import { loadConfig, openGateway } from "../index.ts";
import { sqlStoreShape, sqlUrl } from "./config.ts";
import { openStore } from "./open-store.ts";
import { codeOf } from "./rows.fixture.ts";

const clock = systemClock();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-open-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("openStore", () => {
  it("keeps what it was given over a restart, in the state directory or where a path says", async () => {
    for (const url of ["sqlite:", `sqlite:${join(dir, "elsewhere", "x.db")}`]) {
      await using first = await openStore(url, { clock, dir });
      await first.repositories.facts.set("kept", url);
      await first.close();
      await using second = await openStore(url, { clock, dir });
      expect(await second.repositories.facts.get("kept")).toBe(url);
    }
  });

  it("refuses an address of no store it knows", async () => {
    expect(await codeOf(openStore("mysql://h/d", { clock, dir }))).toBe("LL_STATE_URL");
  });

  it("refuses a folder that cannot be made", async () => {
    writeFileSync(join(dir, "file"), "in the way");
    const url = `sqlite:${join(dir, "file", "x.db")}`;
    expect(await codeOf(openStore(url, { clock, dir }))).toBe("LL_STATE_UNUSABLE");
  });

  it("refuses a file that is no database, and one whose pages are damaged, by its path", async () => {
    const path = join(dir, "x.db");
    const url = `sqlite:${path}`;
    writeFileSync(path, "no database at all, but long enough to be looked at".repeat(100));
    expect(await codeOf(openStore(url, { clock, dir }))).toBe("LL_STATE_CORRUPT");
    rmSync(path);
    await (await openStore(url, { clock, dir })).close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, 100, 4096));
    await expect(openStore(url, { clock, dir })).rejects.toThrow(path);
  });
});

describe("a gateway whose database lies outside its state directory", () => {
  const pageBytes = 4096;
  const opened = (sql: string, workers: number): Promise<unknown> => {
    const targets = { s: { provider: "simulator" } };
    const routes = { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } };
    const stateDir = join(dir, "state");
    const config = loadConfig(
      undefined,
      {},
      { stateDir, workers, stores: { sql }, targets, routes },
    );
    return openGateway(config, { clock, random: systemRandom(), log: () => undefined });
  };

  it.each([
    ["one process", 1],
    ["a supervisor", 2],
  ])("as %s does not start on one with a damaged page, and names it", async (_what, workers) => {
    const path = join(dir, "elsewhere", "x.db");
    const url = `sqlite:${path}`;
    await (await openStore(url, { clock, dir })).close();
    {
      using db = new DatabaseSync(path);
      db.exec("PRAGMA journal_mode = DELETE");
    }
    const bytes = readFileSync(path);
    const last = pageBytes * (Math.floor(bytes.length / pageBytes) - 1);
    writeFileSync(path, bytes.fill(0x5a, last));
    // Whoever does not own it takes what it can read.
    await (await openStore(url, { clock, dir })).close();
    const refusal = { code: "LL_STATE_CORRUPT", message: expect.stringContaining(path) };
    await expect(opened(url, workers)).rejects.toMatchObject(refusal);
  });
});

describe("stores.sql", () => {
  const schema = z.strictObject(sqlStoreShape);
  const isAllowed = (sql: unknown): boolean => schema.safeParse({ sql }).success;

  it("is the state directory's own database unless said otherwise", () => {
    expect(sqlUrl(schema.parse({}).sql)).toBe("sqlite:");
  });

  it("takes SQLite and PostgreSQL addresses and refuses others", () => {
    expect(isAllowed("sqlite:/var/x.db")).toBe(true);
    expect(isAllowed("postgresql://u@h:5432/d?sslmode=require")).toBe(true);
    expect(isAllowed("mysql://h/d")).toBe(false);
    expect(isAllowed("")).toBe(false);
  });

  it("takes a password by reference only", () => {
    const url = "postgres://u:secret@h/d";
    expect(isAllowed(url)).toBe(false);
    const secret = new Secret(url, "${env:DATABASE_URL}");
    expect(sqlUrl(schema.parse({ sql: secret }).sql)).toBe(url);
    expect(JSON.stringify(schema.parse({ sql: secret }))).not.toContain("secret@");
  });
});

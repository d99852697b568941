import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock, TestClock } from "@loadline/kit/clock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../../testkit/src/eventually.ts";
import { quietest } from "../../../../testkit/src/quietest.ts";
import { watchThreads } from "../../../../testkit/src/started-threads.ts";
import { aBatch, aKey, aUsage, codeOf } from "../rows.fixture.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./open.ts";
import { SqlThread } from "./thread.ts";

const clock = systemClock();
let dir: string;
let path: string;
let store: Store;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ll-thread-"));
  path = join(dir, "loadline.db");
  store = openSqliteStore(path, clock);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Longest time between two turns of this thread's event loop until `work` ends. */
async function longestTurnMs(work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const end = work.finally(() => (isOver = true));
  let longestMs = 0;
  for (let lastMs = clock.monotonicMs(); !isOver;) {
    await new Promise((resolve) => void setImmediate(resolve));
    const nowMs = clock.monotonicMs();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }
  await end;
  return longestMs;
}

describe("SQLite in a thread of its own", () => {
  it("a write that waits for another process blocks no turn of the event loop", async () => {
    await store.repositories.facts.set("warm", "1");
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const measure = async (): Promise<number> => {
      let code: unknown;
      const write = codeOf(store.repositories.facts.set("a", "1")).then((one) => (code = one));
      const longestMs = await longestTurnMs(write);
      expect(code).toBe("LL_STATE_UNAVAILABLE");
      return longestMs;
    };
    // The wait is 800 ms; a turn of half that is a busy machine, not the wait.
    expect(await quietest(measure, (longestMs) => longestMs < 400)).toBeLessThan(400);
    expect(store.health().state).not.toBe("ok");
    other.exec("ROLLBACK");
    await eventually(clock, () => store.health().state === "ok", 15_000);
    await store.repositories.facts.set("a", "2");
    expect(await store.repositories.facts.get("a")).toBe("2");
  });

  it("keys are found while another process holds the write lock", async () => {
    await store.repositories.keys.insert(aKey("read00000000"));
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    expect(await store.repositories.keys.find("read00000000")).toBeDefined();
    other.exec("ROLLBACK");
  });

  it("what another process commits is seen by the next read", async () => {
    const script = `
      const { DatabaseSync } = require("node:sqlite");
      const db = new DatabaseSync(${JSON.stringify(path)}, { timeout: 2000 });
      db.exec("INSERT INTO store_facts (name, value) VALUES ('from', 'afar')");`;
    expect(spawnSync(process.execPath, ["-e", script]).status).toBe(0);
    expect(await store.repositories.facts.get("from")).toBe("afar");
  });

  it("every acknowledged write is in the file when its process is killed", async () => {
    const main = new URL("./open.ts", import.meta.url).href;
    const kit = new URL("../../../../kit/src/clock/index.ts", import.meta.url).href;
    const other = join(dir, "killed.db");
    const script = `
      import { openSqliteStore } from ${JSON.stringify(main)};
      import { systemClock } from ${JSON.stringify(kit)};
      import { writeSync } from "node:fs";
      const store = openSqliteStore(${JSON.stringify(other)}, systemClock());
      let acknowledged = 0;
      for (let batch = 0; batch < 50; batch++) {
        await Promise.all(Array.from({ length: 20 }, (_, i) =>
          store.repositories.facts.set("n" + (batch * 20 + i), "x").then(() => acknowledged++)));
        if (batch === 20) { writeSync(1, String(acknowledged)); process.kill(process.pid, "SIGKILL"); }
      }`;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect([run.stderr, run.signal]).toEqual(["", "SIGKILL"]);
    using db = new DatabaseSync(other, { readOnly: true });
    const found = db.prepare("SELECT count(*) AS n FROM store_facts WHERE name LIKE 'n%'").get();
    expect(Number(run.stdout)).toBe(420);
    expect(Number(found?.["n"])).toBeGreaterThanOrEqual(Number(run.stdout));
  });

  it("what is under way when the store closes is written, later calls are refused", async () => {
    const writes = Array.from({ length: 50 }, (_, i) =>
      store.repositories.usage.append(aBatch(aUsage(`c${i}`))),
    );
    const closing = store.close();
    expect(await Promise.all(writes)).toEqual(writes.map(() => true));
    await closing;
    expect(await codeOf(store.repositories.usage.append(aBatch(aUsage("late"))))).toBe(
      "LL_STATE_UNAVAILABLE",
    );
  });

  it("a reading thread refuses to write", async () => {
    const reader = new SqlThread({ path, isReadOnly: true }, clock);
    const write = reader.query(0, { sql: "DELETE FROM keys", parameters: [] });
    expect(await codeOf(write)).toBe("LL_STATE_UNAVAILABLE");
    await reader.close();
  });

  it("a thread without a call for its idle time ends, and the next call starts another", async () => {
    const idle = new TestClock();
    const thread = new SqlThread({ path, isReadOnly: true }, idle, 1000);
    const ask = (): Promise<unknown> => thread.query(0, { sql: "SELECT 1 AS n", parameters: [] });
    await ask();
    idle.advance(999);
    expect(thread.isRunning).toBe(true);
    await ask();
    idle.advance(999);
    expect(thread.isRunning).toBe(true);
    idle.advance(1);
    expect(thread.isRunning).toBe(false);
    expect(await ask()).toMatchObject({ changes: 1 });
    expect(thread.isRunning).toBe(true);
    await thread.close();
  });

  it("a thread that waits for an answer does not end over it", async () => {
    const idle = new TestClock();
    const thread = new SqlThread({ path, isReadOnly: true }, idle, 1000);
    await thread.query(0, { sql: "SELECT 1 AS n", parameters: [] });
    const under = thread.query(0, { sql: "SELECT 2 AS n", parameters: [] });
    idle.advance(5000);
    expect(await under).toMatchObject({ rows: [{ n: 2 }] });
    await thread.close();
  });

  it("closed, idle or in an open transaction, a thread ends by itself: no deadline passes", async () => {
    await store.repositories.facts.set("warm", "1");
    using threads = watchThreads();
    const still = new TestClock();
    const one = { sql: "SELECT 1 AS n", parameters: [] };
    const threadOf = (isReadOnly: boolean): SqlThread =>
      new SqlThread({ path, isReadOnly }, still, 1000);
    const [never, idle, asked, open] = [true, true, true, false].map(threadOf);
    if (!never || !idle || !asked || !open) throw new Error("four threads");
    await idle.query(0, one);
    still.advance(1000);
    await asked.query(0, one);
    const tx = await open.begin();
    await open.query(tx, { sql: "DELETE FROM keys", parameters: [] });
    await Promise.all([never, idle, asked, open].map((thread) => thread.close()));
    expect([threads.count, threads.running, still.pending]).toEqual([3, 0, 0]);
  });

  it("what a closed thread left uncommitted is not in the file", async () => {
    await store.repositories.keys.insert(aKey("kept00000000"));
    const open = new SqlThread({ path, isReadOnly: false }, clock);
    const tx = await open.begin();
    await open.query(tx, { sql: "DELETE FROM keys", parameters: [] });
    await open.close();
    expect(await store.repositories.keys.find("kept00000000")).toBeDefined();
  });

  it("a thread that another process's lock holds up is gone once its store is closed", async () => {
    await store.repositories.facts.set("warm", "1");
    using threads = watchThreads();
    using other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const held = new SqlThread({ path, isReadOnly: false }, clock);
    const write = codeOf(held.query(0, { sql: "DELETE FROM keys", parameters: [] }));
    await held.close();
    expect(await write).toBe("LL_STATE_UNAVAILABLE");
    expect([threads.count, threads.running]).toEqual([1, 0]);
    other.exec("ROLLBACK");
  });

  it("a database that cannot be opened is an error of the call, and the next call tries again", async () => {
    const late = join(dir, "later", "x.db");
    const thread = new SqlThread({ path: late, isReadOnly: false }, clock);
    const ask = (): Promise<unknown> => thread.query(0, { sql: "SELECT 1 AS n", parameters: [] });
    expect(await codeOf(ask())).toBe("LL_STATE_UNAVAILABLE");
    mkdirSync(join(dir, "later"));
    expect(await ask()).toMatchObject({ changes: 1 });
    await thread.close();
  });
});

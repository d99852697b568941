import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock, TestClock, type Timer } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../../../testkit/src/eventually.ts";
import { watchThreads } from "../../../../../testkit/src/started-threads.ts";
import { inspectModule } from "./inspect.ts";
import type { Inspected } from "./inspect-thread.ts";

let folder = "";
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "loadline-inspect-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
async function inspect(text: string, clock: Clock = systemClock()): Promise<Inspected> {
  const file = `./m${count++}.ts`;
  writeFileSync(join(folder, file), text);
  return await inspectModule(folder, file, clock);
}

const refusal = async (text: string, clock?: Clock): Promise<string> =>
  await inspect(text, clock).then(
    () => "accepted",
    (error: unknown) =>
      error instanceof Error && "code" in error ? `${String(error.code)} ${error.message}` : "?",
  );

/** A clock that stands still and tells of the timers it was asked for. */
class TimerClock extends TestClock {
  readonly delaysMs: number[] = [];

  override after(delayMs: number, run: () => void): Timer {
    this.delaysMs.push(delayMs);
    return super.after(delayMs, run);
  }
}

describe("inspecting a scenario's module", () => {
  it("names its functions and gives its definitions as data with references", async () => {
    const seen = await inspect(`
      export async function chat() {}
      export const load = { target: { baseUrl: "http://127.0.0.1" }, setup: () => 1,
        scenarios: { a: { vus: 1, exec: async () => {} }, b: { mix: { p: { weight: 1, exec() {} } } } } };
      export const unrelated = 7;
    `);
    expect(seen.functions).toEqual(["chat"]);
    const file = `./m${count - 1}.ts`;
    expect(seen.definitions["load"]).toEqual({
      target: { baseUrl: "http://127.0.0.1" },
      setup: `${file}#load/setup`,
      scenarios: {
        a: { vus: 1, exec: `${file}#load` },
        b: { mix: { p: { weight: 1, exec: `${file}#load/p` } } },
      },
    });
  });

  it.each([
    ["export const a = 1;", "accepted"],
    ["throw new Error('boom');", "LL_LOAD_SCENARIO_IMPORT"],
    ["process.exit(0);", "LL_LOAD_SCENARIO_IMPORT"],
  ])("%s: its thread ends by itself, no deadline passes", async (text, said) => {
    using threads = watchThreads();
    const clock = new TestClock();
    expect(await refusal(text, clock)).toMatch(new RegExp(`^${said}`));
    expect([threads.count, threads.running, clock.pending]).toEqual([1, 0, 0]);
  });

  it.each([
    ["setInterval(() => {}, 1000);", 0],
    ["for (;;);", 20_000],
  ])("%s: its thread is terminated at a deadline", async (text, importMs) => {
    using threads = watchThreads();
    const clock = new TimerClock();
    const refused = refusal(text, clock);
    clock.advance(importMs);
    await eventually(systemClock(), () => clock.delaysMs.length === 2, 15_000);
    expect([clock.delaysMs, threads.running]).toEqual([[20_000, 1000], 1]);
    clock.advance(1000);
    expect(await refused).toMatch(/^LL_LOAD_SCENARIO_IMPORT/);
    expect(threads.running).toBe(0);
  });

  it.each([
    ["throw new Error('boom');", "boom"],
    ["export const = 1;", "throws when it is imported"],
    ["import './absent.ts';", "throws when it is imported"],
    ["setInterval(() => {}, 1000);", "opens Timeout when it is imported"],
    [
      "import { createServer } from 'node:net'; createServer().listen(0, '127.0.0.1');",
      "opens TCPServerWrap",
    ],
    ["process.exit(0);", "ends the thread that imports it"],
  ])("%s is refused", async (text, message) => {
    const said = await refusal(text);
    expect(said).toMatch(/^LL_LOAD_SCENARIO_IMPORT \.\/m\d+\.ts: /);
    expect(said).toContain(message);
  });
});

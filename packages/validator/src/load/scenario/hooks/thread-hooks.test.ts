import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestClock } from "@loadline/kit/clock";
import { afterAll, describe, expect, it } from "vitest";
import { watchThreads } from "../../../../../testkit/src/started-threads.ts";
import type { LoadPlan } from "../../types.ts";
import type { Hooks } from "./hooks.ts";
import { createThreadHooks } from "./thread-hooks.ts";

const folder = mkdtempSync(join(tmpdir(), "loadline-hooks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function hooksOf(text: string, clock: TestClock): Hooks {
  const file = `./h${count++}.ts`;
  writeFileSync(join(folder, file), text);
  const plan: LoadPlan = {
    target: { baseUrl: "http://127.0.0.1:9" },
    seed: 7,
    scenarios: {},
    limits: [],
    folder,
    hooks: { setup: { file, export: "setup" } },
  };
  return createThreadHooks(plan, clock, () => undefined);
}

describe("the thread of the hooks", () => {
  it("ends by itself once its hooks are done: no deadline passes", async () => {
    using threads = watchThreads();
    const clock = new TestClock();
    const hooks = hooksOf("export const setup = () => ({ id: 1 });", clock);
    expect(await hooks.setup()).toEqual({ id: 1 });
    await hooks.close();
    expect([threads.count, threads.running, clock.pending]).toEqual([1, 0, 0]);
  });

  it("ends by itself when it is closed before it was asked for anything", async () => {
    using threads = watchThreads();
    const clock = new TestClock();
    await hooksOf("export const setup = () => 1;", clock).close();
    expect([threads.count, threads.running, clock.pending]).toEqual([1, 0, 0]);
  });

  it.each([
    ["holds something open", "export const setup = () => void setInterval(() => {}, 1000);"],
    ["keeps its loop busy", "export const setup = () => void setImmediate(() => { for (;;); });"],
  ])("is terminated at its deadline when a module %s", async (_what, text) => {
    using threads = watchThreads();
    const clock = new TestClock();
    const hooks = hooksOf(text, clock);
    await hooks.setup();
    const closing = hooks.close();
    clock.advance(999);
    expect([threads.running, clock.pending]).toEqual([1, 1]);
    clock.advance(1);
    await closing;
    expect(threads.running).toBe(0);
  });

  it("that a hook ended itself is no more to be closed", async () => {
    using threads = watchThreads();
    const clock = new TestClock();
    const hooks = hooksOf("export const setup = () => process.exit(0);", clock);
    await expect(hooks.setup()).rejects.toThrow("a hook ended its thread");
    await hooks.close();
    expect([threads.running, clock.pending]).toEqual([0, 0]);
  });
});

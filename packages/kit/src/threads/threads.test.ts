import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { TestClock } from "../clock/index.ts";
import { endThread } from "./index.ts";

const up = 'const { parentPort } = require("node:worker_threads"); parentPort.postMessage("up");';
const listening = `${up} parentPort.on("message", () => parentPort.close());`;
const deaf = `${up} parentPort.on("message", () => {});`;
const busy = `${up} for (;;);`;
const brief = up;

/** A thread that has begun to run `code`. */
async function started(code: string): Promise<Worker> {
  const worker = new Worker(code, { eval: true, execArgv: [] });
  await once(worker, "message");
  return worker;
}

const asking = (worker: Worker) => (): void => worker.postMessage("end");

describe("ending a thread", () => {
  it("one that listens ends by itself, however late its deadline is", async () => {
    const clock = new TestClock();
    const worker = await started(listening);
    const end = await endThread(worker, { clock, withinMs: 1, ask: asking(worker) });
    expect([end, worker.threadId]).toEqual(["by itself", -1]);
  });

  it("one that has nothing left to do is waited for without being asked", async () => {
    const worker = await started(brief);
    expect(await endThread(worker, { clock: new TestClock(), withinMs: 1 })).toBe("by itself");
  });

  it.each([
    ["does not listen", deaf],
    ["never comes back to its loop", busy],
  ])("one that %s runs up to its deadline and is terminated then", async (_what, code) => {
    const clock = new TestClock();
    const worker = await started(code);
    const ending = endThread(worker, { clock, withinMs: 1000, ask: asking(worker) });
    clock.advance(999);
    expect(worker.threadId).not.toBe(-1);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect(await ending).toBe("terminated");
    expect(worker.threadId).toBe(-1);
  });

  it("one that is gone is neither asked nor waited for", async () => {
    const clock = new TestClock();
    const worker = await started(brief);
    await endThread(worker, { clock, withinMs: 1 });
    let asked = 0;
    const ending = endThread(worker, { clock, withinMs: 1, ask: () => void asked++ });
    expect(clock.pending).toBe(0);
    expect([await ending, asked]).toEqual(["by itself", 0]);
  });

  it("one that throws over its end has ended by itself, and its owner hears the error", async () => {
    const worker = await started(
      `${up} parentPort.on("message", () => { throw new Error("no"); })`,
    );
    const errors: unknown[] = [];
    worker.on("error", (error) => errors.push(error));
    const terms = { clock: new TestClock(), withinMs: 1, ask: asking(worker) };
    expect(await endThread(worker, terms)).toBe("by itself");
    expect(errors).toMatchObject([{ message: "no" }]);
  });

  it("leaves no timer and no listener behind, whoever else ends the same thread", async () => {
    const clock = new TestClock();
    const worker = await started(listening);
    const listeners = worker.listenerCount("exit");
    const terms = { clock, withinMs: 1, ask: asking(worker) };
    const ends = await Promise.all([endThread(worker, terms), endThread(worker, terms)]);
    expect(ends).toEqual(["by itself", "by itself"]);
    expect([clock.pending, worker.listenerCount("exit")]).toEqual([0, listeners]);
  });

  it("the process lives until the thread is gone, and no longer", () => {
    const script = `
      import { Worker } from "node:worker_threads";
      import { writeSync } from "node:fs";
      import { systemClock } from ${JSON.stringify(new URL("../clock/index.ts", import.meta.url))};
      import { endThread } from ${JSON.stringify(new URL("./index.ts", import.meta.url))};
      const worker = new Worker(${JSON.stringify(listening)}, { eval: true, execArgv: [] });
      worker.unref();
      const terms = { clock: systemClock(), withinMs: 600_000, ask: () => worker.postMessage("end") };
      void endThread(worker, terms).then((end) => writeSync(1, end));`;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 18_000,
    });
    expect([run.stderr, run.signal, run.stdout]).toEqual(["", null, "by itself"]);
  });
});

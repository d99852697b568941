import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { systemClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startStallServer } from "../../../../testkit/src/stall-server/index.ts";
import { runLoad } from "../run-load.ts";
import { parseTrace } from "../schedule/trace.ts";
import type { LoadPlan, LoadRecord } from "../types.ts";
import type { ProcessCommand, ProcessMessage } from "./process-protocol.ts";
import { applyChanges, MirrorSource } from "./mirror.ts";
import { reshare, unshare } from "./unshare.ts";

describe("processes", { timeout: 60_000 }, () => {
  it("two generator processes are one run: every arrival once, counts added exactly", async () => {
    await using server = await startStallServer({ delayMs: 5, stallMs: 0, everyMs: 1000 });
    const plan: LoadPlan = {
      target: { baseUrl: server.url },
      seed: 7,
      scenarios: {
        s: {
          executor: "constant-arrival-rate",
          rate: 100,
          durationMs: 2000,
          request: { kind: "http", method: "GET", path: "/" },
        },
      },
      limits: [
        {
          scenario: "s",
          metric: "response_time",
          limitMs: 1000,
          quantile: 0.9,
          claim: "c",
          stream: "load.c",
          part: "all",
        },
      ],
      workers: 1,
      processes: 2,
    };
    const records: LoadRecord[] = [];
    for await (const record of runLoad(plan, { clock: systemClock() })) records.push(record);
    const ended = records.at(-1);
    expect(ended).toMatchObject({ type: "load.ended", accounts: [{ due: 200, ok: 200 }] });
    const tally = records.flatMap((one) => (one.type === "sample.tally" ? [one.tally] : []))[0];
    expect(tally).toMatchObject({ n: 200, bad: 0 });
    expect(tally?.slices).toEqual([
      [100, 0],
      [100, 0],
    ]);
    expect(tally?.observedMs).toBeGreaterThan(4.9);
  });

  /** A generator of two senders that send, as its maker holds it. */
  async function startGenerator(baseUrl: string) {
    const scenario = {
      executor: "constant-arrival-rate",
      rate: 50,
      durationMs: 600_000,
      request: { kind: "http", method: "GET", path: "/" },
    } as const;
    const plan: LoadPlan = {
      target: { baseUrl },
      seed: 7,
      scenarios: { s: scenario },
      limits: [],
    };
    const child = fork(fileURLToPath(new URL("./process.ts", import.meta.url)), [], {
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const printed: string[] = [];
    child.stderr?.on("data", (text: Buffer) => printed.push(text.toString()));
    const tell = (command: ProcessCommand): void => void child.send(command);
    const ready = Promise.withResolvers<void>();
    let left = 2;
    child.on("message", ({ message }: ProcessMessage) => {
      if (message.type === "ready" && --left === 0) ready.resolve();
    });
    tell({ type: "init", plan: unshare(plan), pacing: "pacer", first: 0, count: 2, workers: 2 });
    await ready.promise;
    const originMs = systemClock().monotonicMs();
    for (const worker of [0, 1])
      tell({ type: "lane", worker, command: { type: "begin", originMs } });
    return { child, printed };
  }

  it("a generator process whose maker is gone ends its senders, says nothing more and ends", async () => {
    await using server = await startStallServer({ delayMs: 5, stallMs: 0, everyMs: 1000 });
    const { child, printed } = await startGenerator(server.url);
    const exit = once(child, "exit");
    child.disconnect();
    expect([await exit, printed.join("")]).toEqual([[0, null], ""]);
  });

  it("a signal to the whole group ends no generator process: its maker says when", async () => {
    await using server = await startStallServer({ delayMs: 5, stallMs: 0, everyMs: 1000 });
    const { child } = await startGenerator(server.url);
    const exit = once(child, "exit");
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) child.kill(signal);
    child.disconnect();
    expect(await exit).toEqual([0, null]);
  });

  it("a mirror that gets the changes is the memory it mirrors, whatever was written when", () => {
    const write = fc.tuple(fc.nat(1), fc.nat(15), fc.nat());
    fc.assert(
      fc.property(fc.array(fc.array(write, { maxLength: 8 }), { maxLength: 8 }), (rounds) => {
        const live = [new SharedArrayBuffer(64), new SharedArrayBuffer(64)];
        const mirror = [new SharedArrayBuffer(64), new SharedArrayBuffer(64)];
        const source = new MirrorSource(live);
        for (const writes of rounds) {
          for (const [buffer, word, value] of writes) {
            const target = live[buffer];
            if (target !== undefined) new Uint32Array(target)[word] = value;
          }
          applyChanges(mirror, source.changes());
          expect(mirror.map((one) => [...new Uint8Array(one)])).toEqual(
            live.map((one) => [...new Uint8Array(one)]),
          );
        }
        expect(source.changes()).toEqual([]);
      }),
    );
  });

  it("shared memory of a plan arrives in the other process as shared memory", () => {
    const trace = parseTrace(
      '{"timestamp":0,"input_length":3,"output_length":4,"hash_ids":[9]}\n',
      "mooncake",
    );
    const plan = { trace, feeds: { rows: new SharedArrayBuffer(4) }, names: ["a", null, 1] };
    const sent = structuredClone(unshare(plan));
    const back = reshare(sent);
    expect(back).toEqual(plan);
    expect(Reflect.get(Object(back), "trace")).toMatchObject({
      hashIds: expect.any(Uint32Array),
    });
  });
});

import { systemClock } from "@loadline/kit/clock";
import {
  type Behaviour,
  behaviours,
  type FaultUpstream,
  startFaultUpstream,
} from "@loadline/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLoadline } from "../conformance/fault-table/loadline.ts";
import { observe } from "../conformance/fault-table/observe.ts";
import type { Subject } from "../conformance/fault-table/subject.ts";
import { quietestExcused } from "../integration/busy-rounds.ts";

/** Of each window; the switch to use when in doubt gets them fewer times. */
const timesOf = { http1: 30, node: 10 } as const;
const abortMsMax = 100;
const workMs = 40;
/** A call that is open after this long is not late, it was not ended. */
const settleMs = 3000;
const clock = systemClock();

/** Everything but usage and end marker. */
const lastDelta: Behaviour = {
  summary: "the finish, then silence",
  stream: [
    { do: "head", status: 200, type: "sse" },
    { do: "preamble" },
    { do: "content", count: 10 },
    { do: "finish" },
  ],
  plain: behaviours.stall.plain,
};

interface Window {
  readonly name: string;
  readonly a: Behaviour;
  readonly b: Behaviour;
  /** The upstream at work when the client leaves. */
  readonly at: "a" | "b";
}

const windows: readonly Window[] = [
  { name: "before the first byte", a: behaviours.silent, b: behaviours.good, at: "a" },
  { name: "mid-answer", a: behaviours.paced, b: behaviours.good, at: "a" },
  { name: "after the last delta, before usage", a: lastDelta, b: behaviours.good, at: "a" },
  { name: "during failover", a: behaviours.status500, b: behaviours.silent, at: "b" },
];

describe.each(["http1", "node"] as const)("a client that leaves, front %s", (front) => {
  const times = timesOf[front];
  const stage: { a?: FaultUpstream; b?: FaultUpstream; subject?: Subject } = {};

  beforeAll(async () => {
    stage.a = await startFaultUpstream({ clock, letter: "a" });
    stage.b = await startFaultUpstream({ clock, letter: "b" });
    const ports = { a: stage.a.port, b: stage.b.port };
    stage.subject = await startLoadline({ ports, timerMs: 25_000, front });
  });

  afterAll(async () => {
    await stage.subject?.[Symbol.asyncDispose]();
    await stage.a?.[Symbol.asyncDispose]();
    await stage.b?.[Symbol.asyncDispose]();
  });

  /** ms from the client's leaving to the upstream's closed connection. */
  const leaveOnce = async (window: Window, isStream: boolean): Promise<number> => {
    const { a, b, subject } = stage;
    const endpoint = subject?.endpoint("pair");
    const working = window.at === "a" ? a : b;
    if (!a || !b || !endpoint || !working) throw new Error("nothing was started");
    a.forget();
    b.forget();
    const leave = (async () => {
      while (working.seen.length === 0) await clock.sleep(2);
      await clock.sleep(workMs);
    })();
    const body = JSON.stringify({ model: endpoint.model, stream: isStream, messages: [] });
    const seen = await observe({ endpoint, clock, isStream, body, leave, timeoutMs: 30_000 });
    const endMs = clock.monotonicMs() + settleMs;
    const one = working.seen[0];
    while ((one?.closedMs ?? -1) < 0 && clock.monotonicMs() < endMs) await clock.sleep(2);
    if (!one || one.closedMs < 0) throw new Error("the upstream's call was not ended at all");
    return one.closedMs - seen.leftMs;
  };

  it.each(
    windows.flatMap((window) => [
      { ...window, isStream: true },
      { ...window, isStream: false },
    ]),
  )("$name (stream: $isStream) ends the upstream's call within 100 ms", async (window) => {
    await stage.subject?.fresh?.("pair");
    await stage.a?.behave(window.a);
    await stage.b?.behave(window.b);
    const round = async (): Promise<number[]> => {
      const tookMs: number[] = [];
      for (let i = 0; i < times; i++) {
        // Ten planned failures open no breaker.
        if (i % 10 === 9) await stage.subject?.fresh?.("pair");
        tookMs.push(await leaveOnce(window, window.isStream));
      }
      return tookMs.toSorted((x, y) => x - y);
    };
    const late = (round: readonly number[]): number[] => round.filter((ms) => ms > abortMsMax);
    const sorted = await quietestExcused(round, (one) => late(one).length === 0);
    process.stdout.write(
      `${front}, ${window.name}, stream ${window.isStream}: ` +
        `p50 ${Math.round(sorted[sorted.length / 2] ?? 0)} ms, ` +
        `max ${Math.round(sorted.at(-1) ?? 0)} ms\n`,
    );
    expect(late(sorted)).toEqual([]);
  });
});

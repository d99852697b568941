import { systemClock } from "@loadline/kit/clock";
import { type FaultUpstream, startFaultUpstream } from "@loadline/testkit";
import { decideStream, type StreamCell } from "../../packages/gateway/src/stream/machine.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLoadline } from "./fault-table/loadline.ts";
import { rows } from "./fault-table/rows.ts";
import {
  runKillUnderStreams,
  runOpenBreakers,
  type ScenarioTable,
} from "./fault-table/scenarios.ts";
import type { Subject } from "./fault-table/subject.ts";
import { type Outcome, runRow } from "./fault-table/table.ts";

const timerMs = 400;
/** Of each row; the switches to use when in doubt get the rows fewer times. */
const timesOf = { http1: 10, node: 2, undici: 2 } as const;
/** Other suites run beside this one, also on machines that are not theirs alone; `run.ts` holds the 100 ms of the specification. */
const slackMs = 1000;
const clock = systemClock();

interface Stage {
  readonly upstreams: {
    readonly a: FaultUpstream;
    readonly b: FaultUpstream;
    readonly c: FaultUpstream;
  };
  readonly subject: Subject;
}

/** Each front over upstreams of its own, row after row: they mostly wait, so all at a time. */
const inTurn = { concurrent: false };

describe.concurrent.each([
  ["http1", undefined],
  ["node", undefined],
  ["http1", "undici"],
] as const)("the fault table, front %s, transport %s", (front, transport) => {
  const times = timesOf[transport ?? front];
  let stage: Stage | undefined;

  beforeAll(async () => {
    const a = await startFaultUpstream({ clock, letter: "a" });
    const b = await startFaultUpstream({ clock, letter: "b" });
    const c = await startFaultUpstream({ clock, letter: "c" });
    const ports = { a: a.port, b: b.port, c: c.port };
    stage = {
      upstreams: { a, b, c },
      subject: await startLoadline({ ports, timerMs, front, transport }),
    };
  });

  afterAll(async () => {
    await stage?.subject[Symbol.asyncDispose]();
    await stage?.upstreams.a[Symbol.asyncDispose]();
    await stage?.upstreams.b[Symbol.asyncDispose]();
    await stage?.upstreams.c[Symbol.asyncDispose]();
  });

  const table = (): ScenarioTable => {
    if (!stage) throw new Error("nothing was started");
    return { ...stage, clock, timerMs, times, slackMs, isBrief: true };
  };

  const expectPassed = (outcomes: readonly Outcome[], count: number): void => {
    expect(outcomes.length).toBeGreaterThan(0);
    for (const { mode, passed, problems } of outcomes)
      expect({ mode, passed, problems }).toEqual({ mode, passed: count, problems: {} });
  };

  it.each(rows)("row $id: A $does", inTurn, async (row) => {
    expectPassed(await runRow(table(), row), times);
  });

  it(
    "row D4: with both breakers open the answer is 503 at once and no upstream is asked",
    inTurn,
    async () => {
      expectPassed(await runOpenBreakers(table()), 1);
    },
  );

  it(
    "row D8: killing A under 50 streams and B 300 ms later loses nothing in silence [R0-18]",
    inTurn,
    async () => {
      expectPassed(await runKillUnderStreams(table()), 1);
    },
  );
});

/** The written machine but for one cell. */
function knockedOut(state: string, input: string, cell: StreamCell): typeof decideStream {
  return (at, given, isHeadSent) =>
    at === state && given === input ? cell : decideStream(at, given, isHeadSent);
}

const saboteurs: readonly [string, string, typeof decideStream][] = [
  ["an early [DONE] relayed", "10b", knockedOut("open", "marker", { action: "end", to: "done" })],
  ["a preamble forwarded", "D1b", knockedOut("hold", "preamble", { action: "commit", to: "open" })],
  ["a cut without a word", "2a", knockedOut("open", "fault", { action: "append", to: "done" })],
  ["a stall nobody sees", "3", knockedOut("open", "idle_timer", { action: "ignore", to: "open" })],
];

/** Wrong at every other request that comes to its cell. */
function everyOther(wrong: typeof decideStream): typeof decideStream {
  let count = 0;
  return (at, given, isHeadSent) => {
    const right = decideStream(at, given, isHeadSent);
    const other = wrong(at, given, isHeadSent);
    return right.action === other.action || ++count % 2 === 1 ? right : other;
  };
}

describe("saboteurs of the stream machine", () => {
  it.each(saboteurs)("%s: row %s fails", async (_name, id, streamMachine) => {
    await using a = await startFaultUpstream({ clock, letter: "a" });
    await using b = await startFaultUpstream({ clock, letter: "b" });
    const ports = { a: a.port, b: b.port };
    await using subject = await startLoadline({ ports, timerMs, controls: { streamMachine } });
    const row = rows.find((one) => one.id === id);
    if (!row) throw new Error(`no row ${id}`);
    const table = { clock, subject, upstreams: { a, b }, timerMs, slackMs, times: 1, rounds: 1 };
    const outcomes = await runRow(table, row);
    expect(outcomes.find(({ mode }) => mode === "stream")?.verdict).toBe("fail");
  });

  it("a false [DONE] in every other answer counts at once, however busy the machine is", async () => {
    await using a = await startFaultUpstream({ clock, letter: "a" });
    await using b = await startFaultUpstream({ clock, letter: "b" });
    const ports = { a: a.port, b: b.port };
    const streamMachine = everyOther(knockedOut("open", "marker", { action: "end", to: "done" }));
    await using subject = await startLoadline({ ports, timerMs, controls: { streamMachine } });
    const row = rows.find(({ id }) => id === "10b");
    if (!row) throw new Error("no row 10b");
    const table = { clock, subject, upstreams: { a, b }, timerMs, slackMs, times: 4 };
    const [stream] = await runRow(table, row);
    expect(stream?.problems["a false [DONE]"]).toBe(2);
  });
});

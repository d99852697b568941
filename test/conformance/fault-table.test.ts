import { systemClock } from "@loadline/kit/clock";
import { type FaultUpstream, startFaultUpstream } from "@loadline/testkit";
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
const times = 10;
/** Other suites run beside this one; `run.ts` holds the 100 ms of the specification. */
const slackMs = 400;
const clock = systemClock();

interface Stage {
  readonly upstreams: {
    readonly a: FaultUpstream;
    readonly b: FaultUpstream;
    readonly c: FaultUpstream;
  };
  readonly subject: Subject;
}

describe("the fault table", () => {
  let stage: Stage | undefined;

  beforeAll(async () => {
    const a = await startFaultUpstream({ clock, letter: "a" });
    const b = await startFaultUpstream({ clock, letter: "b" });
    const c = await startFaultUpstream({ clock, letter: "c" });
    const ports = { a: a.port, b: b.port, c: c.port };
    stage = { upstreams: { a, b, c }, subject: await startLoadline({ ports, timerMs }) };
  });

  afterAll(async () => {
    await stage?.subject[Symbol.asyncDispose]();
    await stage?.upstreams.a[Symbol.asyncDispose]();
    await stage?.upstreams.b[Symbol.asyncDispose]();
    await stage?.upstreams.c[Symbol.asyncDispose]();
  });

  const table = (): ScenarioTable => {
    if (!stage) throw new Error("nothing was started");
    return { ...stage, clock, timerMs, times, slackMs };
  };

  const expectPassed = (outcomes: readonly Outcome[], count: number): void => {
    expect(outcomes.length).toBeGreaterThan(0);
    for (const { mode, passed, problems } of outcomes)
      expect({ mode, passed, problems }).toEqual({ mode, passed: count, problems: {} });
  };

  it.each(rows)("row $id: A $does", async (row) => {
    expectPassed(await runRow(table(), row), times);
  });

  it("row D4: with both breakers open the answer is 503 at once and no upstream is asked", async () => {
    expectPassed(await runOpenBreakers(table()), 1);
  });

  it("row D8: killing A under 50 streams and B 300 ms later loses nothing in silence", async () => {
    expectPassed(await runKillUnderStreams(table()), 1);
  });
});

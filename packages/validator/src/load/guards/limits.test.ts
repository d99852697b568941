import { describe, expect, it } from "vitest";
import { cleanView } from "./clean-view.ts";
import type { GuardView } from "./guard.ts";
import { judgeGuards } from "./index.ts";

/** Guards that a view breaks, with the verdicts they take away. */
function broken(change: Partial<GuardView>): string[] {
  return judgeGuards([{ stream: "a", view: { ...cleanView, ...change } }])
    .filter(({ holds }) => !holds)
    .map(({ guard, invalidates }) => `${guard.replace("guard.load.", "")} ${invalidates}`);
}

/** A failure that values over the limit carry: a delay of ours may have made it. */
const slow = { over: 50, bad: 50 };
/** A failure that timeouts of ours carry. */
const timedOut = { hardBad: 50, bad: 50, timedOut: 50 };

type Case = readonly [
  what: string,
  at: Partial<GuardView>,
  beyond: Partial<GuardView>,
  says: string,
];

const cases: readonly Case[] = [
  ["a lag of 1 ms", { ...slow, lagP99Ms: 1 }, { ...slow, lagP99Ms: 1.01 }, "pacer fail"],
  ["a lag of 100 ms that moves no value", { lagP99Ms: 100 }, { lagP99Ms: 100.1 }, "pacer both"],
  [
    "a lag of 1 % of a limit of 20 s",
    { limitMs: 20_000, lagP99Ms: 200 },
    { limitMs: 20_000, lagP99Ms: 200.1 },
    "pacer both",
  ],
  ["79.9 % of a core", { ...slow, cpuP90: 0.799 }, { ...slow, cpuP90: 0.8 }, "cpu fail"],
  [
    "79.9 % of a core in a closed model, whatever failed",
    { open: false, cpuP90: 0.799 },
    { open: false, cpuP90: 0.8 },
    "cpu both",
  ],
  [
    "a turn of the loop of 2 ms",
    { ...slow, loopP99Ms: 2 },
    { ...slow, loopP99Ms: 2.01 },
    "loop fail",
  ],
  [
    "a closed model slowed by 2 ms on average",
    { open: false, loopMeanMs: 2 },
    { open: false, loopMeanMs: 2.01 },
    "loop both",
  ],
  [
    "a lag of 1 ms in blocks that are compared",
    { interleaved: true, limitMs: null, lagP99Ms: 1 },
    { interleaved: true, limitMs: null, lagP99Ms: 1.01 },
    "pacer pass",
  ],
  [
    "a turn of the loop of 5 % of the answers' median in such blocks",
    { interleaved: true, limitMs: null, serviceMedianMs: 60, loopP99Ms: 3 },
    { interleaved: true, limitMs: null, serviceMedianMs: 60, loopP99Ms: 3.01 },
    "loop pass",
  ],
  ["no local fault", { localFaults: 0 }, { localFaults: 1 }, "local both"],
  ["99 % of what fell due", { sent: 990 }, { sent: 989 }, "sent pass"],
  ["nothing dropped", { dropped: 0 }, { dropped: 1 }, "sent pass"],
  [
    "a pressure of 25 %",
    { ...slow, pressurePercent: 25 },
    { ...slow, pressurePercent: 25.1 },
    "pressure fail",
  ],
  [
    "a failure with one missing value fewer than it needs",
    { bad: 21, missingMetric: 10 },
    { bad: 20, missingMetric: 10 },
    "undefined fail",
  ],
  [
    "as many missing values as the claim allows",
    { bad: 10, missingMetric: 10 },
    { bad: 11, missingMetric: 1 },
    "undefined fail",
  ],
  [
    "one stream of 20 in one piece",
    { streams: 100, bufferedStreams: 5 },
    { streams: 100, bufferedStreams: 6 },
    "buffered pass",
  ],
  ["every value in the histogram's range", { overflow: 0 }, { overflow: 1 }, "record both"],
  ["every figure in a series", { folded: 0 }, { folded: 1 }, "record both"],
  ["a mix off by 2 points", { mixOffPoints: 2 }, { mixOffPoints: 2.1 }, "mix both"],
  ["a schedule left alone", { edited: false }, { edited: true }, "schedule both"],
];

describe("limits of the generator's guards", () => {
  it.each(cases)("%s is the most that holds", (_what, at, beyond, says) => {
    expect(broken(at)).toEqual([]);
    expect(broken(beyond)).toEqual([says]);
  });

  it("an open model's mean delay and a closed model's lag say nothing: neither slows the other", () => {
    expect(broken({ loopMeanMs: 90 })).toEqual([]);
    expect(broken({ ...slow, open: false, lagP99Ms: 90 })).toEqual([]);
  });

  it("a kernel without figures of pressure voids nothing", () => {
    expect(broken({ ...slow, pressurePercent: null })).toEqual([]);
  });

  it("a machine without free processors voids a failure by timeouts of ours, not one without them", () => {
    const busy = { cpuP90: 0.9, pressurePercent: 60 };
    expect(broken({ ...timedOut, ...busy })).toEqual(["cpu fail", "pressure fail"]);
    expect(broken({ ...timedOut, timedOut: 0, ...busy })).toEqual([]);
    // 40 refusals alone are more than the 1 % that may fail.
    expect(broken({ ...timedOut, timedOut: 10, ...busy })).toEqual([]);
    expect(broken({ ...timedOut, timedOut: 40, ...busy })).toEqual(["cpu fail", "pressure fail"]);
  });

  it("a failure by calls that a starved target did not serve is voided as one by timeouts, and no other", () => {
    const starved = { hardBad: 50, bad: 50, unserved: 50 };
    const busy = { pressurePercent: 60, loopP99Ms: 4 };
    expect(broken({ ...starved, ...busy })).toEqual(["loop fail", "pressure fail"]);
    expect(broken({ ...starved, unserved: 0, ...busy })).toEqual([]);
    expect(broken({ ...starved, unserved: 10, ...busy })).toEqual([]);
    // Half of each: the loop says nothing of calls that our clock ended.
    expect(broken({ ...starved, unserved: 25, timedOut: 25, ...busy })).toEqual(["pressure fail"]);
  });

  it("errors at exactly the allowed share carry no failure: a lag beside them still voids it", () => {
    const view = { target: 0.75, n: 100, over: 10, lagP99Ms: 4 };
    expect(broken({ ...view, bad: 35, hardBad: 25 })).toEqual(["pacer fail"]);
    expect(broken({ ...view, bad: 36, hardBad: 26 })).toEqual([]);
  });

  it("a sample of nothing is not carried by errors", () => {
    expect(broken({ n: 0, over: 1, lagP99Ms: 4 })).toEqual(["pacer fail"]);
  });
});

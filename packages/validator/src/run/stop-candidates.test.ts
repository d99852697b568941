import type { SampleTally } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { bindJob } from "../load/index.ts";
import { loadJob } from "./load-job.fixture.ts";
import { stopCandidates } from "./stop-candidates.ts";

const point = { abortOnFail: true, abortOn: "point" } as const;
const job = bindJob(
  loadJob("http://127.0.0.1:1", {
    response_time: [{ threshold: "avg<100", id: "avg", ...point }, "p(95)<1s"],
    errors: [{ threshold: "rate<1%", id: "share", abortOnFail: true }],
    due: [{ threshold: "rate>50", id: "rate", ...point }],
  }),
);

function tally(n: number, ms: number): SampleTally {
  const figures = { values: n, sumMs: n * ms, minMs: ms, sums: [[n, n * ms]] };
  const empty = { stream: "s", part: "all", bad: 0, undefined: 0, badBy: {} };
  return Object.assign(empty, { n, slices: [[n, 0] as const], sliceMs: 1_000, maxMs: ms, figures });
}

describe("claims that end a run early", () => {
  it("are those that ask for it; a figure is looked at by its own value", () => {
    const found = stopCandidates(job);
    expect(found.map(({ claim, isPast }) => [claim.id, isPast !== undefined])).toEqual([
      ["avg", true],
      ["share", false],
      ["rate", true],
    ]);
  });

  it("an average is past its limit as soon as it is, and not without an answer", () => {
    const [avg] = stopCandidates(job);
    expect(avg?.isPast?.([tally(10, 150)], 2_000)).toBe(true);
    expect(avg?.isPast?.([tally(10, 99)], 2_000)).toBe(false);
    expect(avg?.isPast?.([tally(0, 0)], 2_000)).toBe(false);
  });

  it("a rate is of the time so far, not of the whole plan", () => {
    const rate = stopCandidates(job).at(-1);
    expect(rate?.isPast?.([tally(120, 1)], 2_000)).toBe(false);
    expect(rate?.isPast?.([tally(90, 1)], 2_000)).toBe(true);
    expect(rate?.isPast?.([tally(90, 1)], 0)).toBe(false);
  });
});

import type { SampleTally } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { bindJob } from "../load/index.ts";
import { loadJob } from "./load-job.fixture.ts";
import { stopCandidates } from "./stop-candidates.ts";

const point = { abortOnFail: true, abortOn: "point" } as const;
const asked = loadJob("http://127.0.0.1:1", {
  response_time: [{ threshold: "avg<100", id: "avg", ...point }, "p(95)<1s"],
  errors: [{ threshold: "rate<1%", id: "share", abortOnFail: true }],
  due: [{ threshold: "rate>50", id: "rate", ...point }],
});
const request = { kind: "http", method: "GET", path: "/" } as const;
const pace = { executor: "constant-arrival-rate", rate: 60, request } as const;
const get = { ...pace, durationMs: 10_000 };
const job = bindJob({ ...asked, load: { ...asked.load, scenarios: { get } } });

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

  it("a rate is of the time that was sent for: while the last answers are awaited it stays", () => {
    const rate = stopCandidates(job).at(-1);
    expect(rate?.isPast?.([tally(600, 1)], 14_000)).toBe(false);
    expect(rate?.isPast?.([tally(490, 1)], 14_000)).toBe(true);
  });

  it("scenarios that begin later or warm up are measured each from its own start", () => {
    const late = { ...pace, durationMs: 4_000, startMs: 8_000, warmupMs: 2_000 };
    const both = { ...asked.load, scenarios: { get: { ...get, durationMs: 3_000 }, late } };
    const rate = stopCandidates(bindJob({ ...asked, load: both })).at(-1);
    expect(rate?.isPast?.([tally(100, 1), tally(80, 1)], 11_000)).toBe(false);
    expect(rate?.isPast?.([tally(100, 1), tally(40, 1)], 11_000)).toBe(true);
  });

  it("a count that the time left may bring to its limit ends nothing; one that is past it does", () => {
    const due = [
      { threshold: "count>=100", id: "least", ...point },
      { threshold: "count<100", id: "most", ...point },
    ];
    const counted = bindJob(loadJob("http://127.0.0.1:1", { due }));
    const [least, most] = stopCandidates({ ...counted, load: job.load });
    expect([least?.claim.id, most?.claim.id]).toEqual(["least", "most"]);
    expect([least?.isPast?.([tally(90, 1)], 2_000), most?.isPast?.([tally(90, 1)], 2_000)]).toEqual(
      [false, false],
    );
    expect(most?.isPast?.([tally(100, 1)], 2_000)).toBe(true);
  });

  it("fewer requests than a figure asks for end nothing", () => {
    const bound = job.bound.map((one) =>
      one.figure === undefined ? one : { ...one, figure: { ...one.figure, leastSamples: 20 } },
    );
    const [avg] = stopCandidates({ ...job, bound });
    expect(avg?.isPast?.([tally(19, 150)], 2_000)).toBe(false);
    expect(avg?.isPast?.([tally(20, 150)], 2_000)).toBe(true);
  });
});

import type { SampleTally } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import type { LoadPlan } from "../load/index.ts";
import { admittedFigure, comparedBlocks } from "./quota-evidence.ts";

const limiter = { kind: "token_bucket", limit: 10, periodMs: 1_000, burst: 5 } as const;
const rule = { id: "admitted", scenario: "burst", limiter, tolerance: 0.01 };
const load: LoadPlan = {
  target: { baseUrl: "http://127.0.0.1:1" },
  seed: 7,
  limits: [],
  scenarios: {
    burst: {
      executor: "constant-arrival-rate",
      rate: 30,
      durationMs: 100_000,
      request: { kind: "http", method: "GET", path: "/" },
    },
  },
};
const sent = 3_000;
/** 5 at once, 10 each second after. */
const simulated = 1_004;

function tally(badBy: Record<string, number>, n = sent): SampleTally {
  const bad = Object.values(badBy).reduce((a, b) => a + b, 0);
  const base = { stream: "s", part: "all", undefined: 0, slices: [], sliceMs: 1_000 };
  return { ...base, n, bad, badBy };
}

const okWith = (admitted: number, other: Record<string, number> = {}) => {
  const rest = Object.values(other).reduce((a, b) => a + b, 0);
  const found = admittedFigure(rule, load, [
    tally({ status_429: sent - admitted - rest, ...other }),
  ]);
  return typeof found === "string" ? found : found.ok;
};

describe("who a limiter admitted", () => {
  it("is right within 1 % of the simulation, wrong beyond it on either side", () => {
    expect([okWith(simulated), okWith(simulated + 10), okWith(simulated - 10)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([okWith(simulated + 11), okWith(simulated - 11)]).toEqual([false, false]);
  });

  it("counts errors after admission as admitted", () => {
    expect(okWith(simulated - 500, { status_5xx: 500 })).toBe(true);
  });

  it("is unknown when requests had no answer, were not sent or none fell due", () => {
    expect(okWith(simulated - 5, { reset: 15 })).toBe(true);
    expect(okWith(simulated - 5, { reset: 16 })).toBe("16 of 3000 requests had no answer.");
    expect(admittedFigure(rule, load, [tally({}, 2_990)])).toMatch(/^2990 of 3000 scheduled/);
    expect(admittedFigure(rule, load, [])).toBe("No request fell due.");
  });
});

describe("blocks beside each other", () => {
  const blocks = [1, 2, 3, 4, 5, 6].map((p99Ms) => ({ due: 10, p99Ms }));
  const shared = { id: "b", statement: "s", scenario: "steady", share: 0.05 };

  it("are told in triples, in the order of the claim", () => {
    const found = comparedBlocks(
      {
        ...shared,
        triples: [
          [0, 2, 1],
          [5, 3, 4],
        ],
      },
      { scenario: "steady", blockMs: 1, blocks },
    );
    expect(found).toEqual([
      [1, 3, 2],
      [6, 4, 5],
    ]);
  });

  it("a target that answers nobody has nothing to compare: it is no worse than itself by no row", () => {
    const dead = blocks.map(() => ({ due: 10, p99Ms: null }));
    const triples = [
      [0, 1, 2],
      [3, 4, 5],
    ] as const;
    const seen = { scenario: "steady", blockMs: 1 };
    expect(comparedBlocks({ ...shared, triples }, { ...seen, blocks: dead })).toEqual([]);
    const halfDead = [dead, blocks].map((all) => all.slice(0, 3)).flat();
    expect(comparedBlocks({ ...shared, triples }, { ...seen, blocks: halfDead })).toEqual([
      [1, 2, 3],
    ]);
  });

  it("a loud block whose percentile is a failure counts as endless, one without requests as nothing", () => {
    const broken = [{ due: 10, p99Ms: null }, ...blocks.slice(1, 5), { due: 0, p99Ms: null }];
    const found = comparedBlocks(
      {
        ...shared,
        triples: [
          [1, 2, 0],
          [3, 4, 5],
        ],
      },
      { scenario: "steady", blockMs: 1, blocks: broken },
    );
    expect(found).toEqual([[2, 3, 120_000]]);
  });
});

import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import type { FindPeakScenario } from "../scenario-types.ts";
import { curveChunks } from "../schedule/arrivals.ts";
import { constantCurve } from "../schedule/curve.ts";
import { type PeakCounts, type PeakPlan, type PeakResult, PeakSearch } from "./peak-search.ts";
import { rises } from "./trend.ts";

const scenario: FindPeakScenario = {
  executor: "find-peak",
  startRate: 20,
  rateMax: 5000,
  stepMs: 20_000,
  arrivals: "poisson",
  pass: { limitMs: 100, share: 0.95 },
  request: { kind: "http", method: "GET", path: "/" },
};

/** A queue with one server of a fixed service time: its capacity is known by construction. */
function serve(capacity: number, plan: PeakPlan): PeakCounts {
  const serviceMs = 1000 / capacity;
  let freeMs = 0;
  let due = 0;
  let within = 0;
  const curve = constantCurve(plan.rate, plan.durationMs);
  for (const chunk of curveChunks(curve, scenario, plan.seed)) {
    for (const atMs of chunk) {
      due++;
      freeMs = Math.max(freeMs, atMs) + serviceMs;
      if (freeMs - atMs < scenario.pass.limitMs) within++;
    }
  }
  return { due, within, cut: false };
}

function search(capacity: number, seed: number, of: Partial<FindPeakScenario> = {}): PeakResult {
  const peak = new PeakSearch({ ...scenario, ...of }, seed);
  let plan = peak.next(null);
  while (plan !== null) plan = peak.next(serve(capacity, plan));
  return peak.result();
}

describe("find-peak", () => {
  it("lands within 10 % of a simulator's known capacity in at least 9 of 10 runs", () => {
    const random = seededRandom(7);
    const landed = Array.from({ length: 40 }, (_, run) => {
      // At least 400/s: below, waiting behind random arrivals passes 100 ms well before the capacity.
      const capacity = 400 + random.below(900);
      const { highestPassing, confirmed } = search(capacity, run);
      return confirmed && Math.abs((highestPassing ?? 0) / capacity - 1) <= 0.1;
    });
    expect(landed.filter(Boolean).length).toBeGreaterThanOrEqual(36);
  });

  it("the highest passing and the lowest failing rate are at most 5 % apart, both seen in steps", () => {
    const { highestPassing, lowestFailing, steps, confirmed } = search(300, 1);
    expect(confirmed).toBe(true);
    expect(highestPassing).not.toBeNull();
    expect((lowestFailing ?? 0) - (highestPassing ?? 0)).toBeLessThanOrEqual(
      0.05 * (lowestFailing ?? 0),
    );
    const at = (rate: number | null, verdict: string): boolean =>
      steps.some((step) => step.rate === rate && step.verdict === verdict);
    expect(at(highestPassing, "passed")).toBe(true);
    const last = steps.at(-1);
    expect(last).toMatchObject({ confirms: true, verdict: "passed", rate: highestPassing });
    const first = steps.find((step) => step.rate === highestPassing && !step.confirms);
    expect(first?.seed).not.toBe(last?.seed);
  });

  it("a winner that does not pass again is no peak: the search goes on below it", () => {
    const peak = new PeakSearch(scenario, 7);
    let plan = peak.next(null);
    let refused = false;
    while (plan !== null) {
      const winner = peak.result().steps.some((step) => step.rate === plan?.rate);
      const honest = serve(300, plan);
      const lies: boolean = winner && !refused;
      refused ||= lies;
      plan = peak.next(lies ? { ...honest, within: 0 } : honest);
    }
    const { highestPassing, confirmed, steps } = peak.result();
    expect(refused).toBe(true);
    expect(confirmed).toBe(true);
    const lost = steps.find((step) => step.confirms && step.verdict === "failed");
    expect(highestPassing).toBeLessThan(lost?.rate ?? 0);
  });

  it("a step that decided nothing is no failing one, however the search went on below it", () => {
    const pass = { limitMs: 100, confidence: 0.999 };
    const peak = new PeakSearch({ ...scenario, stepMs: 1_000, pass }, 7);
    let plan = peak.next(null);
    // Two seconds of 160 are too few for 99 %, however good; 320 and more fail.
    while (plan !== null) {
      const due = Math.floor((plan.rate * plan.durationMs) / 1_000);
      plan = peak.next({ due, within: plan.rate >= 320 ? 0 : due, cut: false });
    }
    const { lowestFailing, highestPassing, steps } = peak.result();
    expect([lowestFailing, highestPassing]).toEqual([320, null]);
    expect(steps.at(-1)).toMatchObject({ verdict: "undecided" });
  });

  it("a target that never answers in time has no passing rate, one that always does no failing one", () => {
    const dead = search(0.001, 1);
    expect(dead.highestPassing).toBeNull();
    expect(dead.confirmed).toBe(false);
    const endless = search(1e9, 1, { rateMax: 100 });
    expect(endless).toMatchObject({ highestPassing: 100, lowestFailing: null, confirmed: true });
  });

  it("a first rate far over the capacity is halved until one passes, eight times at most", () => {
    const { steps, highestPassing, lowestFailing, confirmed } = search(300, 1, { startRate: 4000 });
    const rates = steps.map(({ rate }) => rate);
    expect(rates.slice(0, 5)).toEqual([4000, 2000, 1000, 500, 250]);
    expect(confirmed).toBe(true);
    expect(highestPassing).toBeGreaterThanOrEqual(250);
    expect(lowestFailing).toBeLessThanOrEqual(500);
    const dead = search(0.001, 1, { startRate: 512 });
    expect(dead.steps.map(({ rate }) => rate)).toEqual([512, 256, 128, 64, 32, 16, 8, 4, 2]);
    expect(dead.lowestFailing).toBe(2);
  });

  it("too few steps end without a confirmed peak", () => {
    expect(search(300, 1, { stepsMax: 3 }).confirmed).toBe(false);
  });

  it("a step that was cut short has failed, however few of its requests were late", () => {
    const peak = new PeakSearch(scenario, 7);
    peak.next(null);
    peak.next({ due: 1000, within: 1000, cut: true });
    expect(peak.result()).toMatchObject({ lowestFailing: 20, highestPassing: null });
  });
});

describe("trend", () => {
  it("a rise is seen through noise, noise alone is not a rise", () => {
    let falseRises = 0;
    let seen = 0;
    for (let run = 0; run < 200; run++) {
      const random = seededRandom(run);
      const noise = Array.from({ length: 16 }, () => random.unit());
      if (rises(noise)) falseRises++;
      if (rises(noise.map((value, i) => value + i / 8))) seen++;
    }
    expect(falseRises).toBeLessThan(20);
    expect(seen).toBe(200);
  });

  it("few points, equal points and a fall are no rise", () => {
    expect(rises([1, 2, 3, 4, 5, 6, 7])).toBe(false);
    expect(rises(Array.from({ length: 20 }, () => 5))).toBe(false);
    expect(rises(Array.from({ length: 20 }, (_, i) => -i))).toBe(false);
  });
});

import { expect, test } from "vitest";
import { makeClaim, makePlan } from "../../test/support.ts";
import { findUnprovable, minimumN, planSamples } from "./plan-samples.ts";

const success = makeClaim({ id: "success", kind: "proportion", target: 0.995 });

test("a row prints n for 0, 1 and 2 bad and for 80 % power", () => {
  const [row] = planSamples(
    makePlan([success]),
    new Map([["stream", { n: 1_000, trueBad: 0.001 }]]),
  );
  expect(row).toMatchObject({ needed: [598, 947, 1_258], neededForPower: 1_258 });
  expect(row).toMatchObject({ planned: 1_000, badAllowed: 1, provable: true });
});

test("a claim a perfect target could not pass is not provable", () => {
  const rates = new Map([["stream", { n: 597 }]]);
  expect(planSamples(makePlan([success]), rates)[0]).toMatchObject({
    provable: false,
    badAllowed: null,
  });
  const certain = makeClaim({ id: "all", kind: "proportion", target: 1 });
  expect(planSamples(makePlan([certain]))[0]).toMatchObject({
    provable: false,
    needed: [null, null, null],
  });
});

test("without a rate the row stands alone", () => {
  expect(planSamples(makePlan([success]))[0]).toMatchObject({
    planned: null,
    provable: true,
    trueBad: 0.001,
  });
});

test("the least n of every kind", () => {
  const least = [
    success,
    makeClaim({ id: "t", kind: "trials", target: 0.9 }),
    makeClaim({ id: "q", kind: "quantile", target: 0.99, limit: 1, unit: "ms" }),
    makeClaim({ id: "p", kind: "predicate" }),
    makeClaim({ id: "b", kind: "bound", limit: 1, unit: "s", min: 3 }),
    makeClaim({ id: "c", kind: "coverage", items: ["a", "b"] }),
    makeClaim({ id: "z", kind: "zero_loss" }),
    makeClaim({ id: "zm", kind: "zero_loss", min: 5_000 }),
    // Seconds without an outage: 49.9 minutes.
    makeClaim({ id: "u", kind: "time_availability", target: 0.995, limit: 5_000, unit: "ms" }),
    makeClaim({ id: "w", kind: "window_slo", target: 0.995 }),
    makeClaim({ id: "s", kind: "proportion", target: 0.995, mode: "sequential" }),
  ].map(minimumN);
  expect(least).toEqual([598, 29, 299, 1, 3, 2, 1_000, 5_000, 2_996, 1, 979]);
});

test("a claim of another kind has no power column", () => {
  const [row] = planSamples(makePlan([makeClaim({ id: "p", kind: "predicate" })]));
  expect(row).toMatchObject({ needed: [1, null, null], neededForPower: null, target: null });
});

test("what a claim lacks is said in the unit of its kind", () => {
  const uptime = makeClaim({
    id: "uptime",
    kind: "time_availability",
    target: 0.995,
    limit: 5_000,
    unit: "ms",
  });
  const rows = planSamples(makePlan([uptime]), new Map([["stream", { n: 25 }]]));
  expect(findUnprovable(rows)[0]?.message).toBe("uptime: needs 2996 s, 25 are planned.");
});

test("an unprovable claim is named with what it needs and what is planned", () => {
  const rows = planSamples(makePlan([success]), new Map([["stream", { n: 100 }]]));
  expect(findUnprovable(rows)).toEqual([
    {
      code: "LL_PLAN_CANNOT_PROVE",
      path: "success",
      message: "success: needs 598 samples, 100 are planned.",
    },
  ]);
  expect(findUnprovable(planSamples(makePlan([success])))).toEqual([]);
});

test("a rate that the run does not ask for is proven by no number of samples", () => {
  const rate = { id: "rate", kind: "mean", side: "above", unit: "requests/s" } as const;
  const at = (limit: number) => makeClaim({ ...rate, limit, offered: 20 });
  expect([at(19), at(20), at(100)].map(minimumN)).toEqual([30, null, null]);
  expect(minimumN(makeClaim({ ...rate, limit: 100 }))).toBe(30);
  expect(findUnprovable(planSamples(makePlan([at(19), at(100)])))).toEqual([
    {
      code: "LL_PLAN_CANNOT_PROVE",
      path: "rate",
      message: "rate: no number of samples proves it.",
    },
  ]);
});

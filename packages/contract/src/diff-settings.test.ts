import { expect, test } from "vitest";
import { changedSettings } from "./diff-settings.ts";
import type { RunPlan } from "./plan/run-plan.ts";

const planWith = (stages: RunPlan["stages"], over: Partial<RunPlan> = {}): RunPlan => ({
  schema: "loadline-plan/v1",
  profile: "quick",
  target: { name: "stub", baseUrl: "http://127.0.0.1:9/v1" },
  confidence: 0.95,
  maxWaived: 3,
  budgetMinutes: 10,
  claims: [],
  stages,
  ...over,
});

test("equal plans differ in no setting, whatever the order of their keys", () => {
  const a = planWith({ load: { seed: 7, ratePerSecond: 20 }, skip: [] });
  const b = planWith({ skip: [], load: { ratePerSecond: 20, seed: 7 } });
  expect(changedSettings(a, b)).toEqual([]);
});

test("a changed, a new and a lost setting are named by path, lists as a whole", () => {
  const a = planWith({ load: { ratePerSecond: 20, seed: 7 }, skip: [] });
  const b = planWith({ load: { ratePerSecond: 30 }, skip: ["stack"], target: { model: "m" } });
  expect(changedSettings(a, b)).toEqual([
    { path: "load.ratePerSecond", from: "20", to: "30" },
    { path: "load.seed", from: "7", to: "-" },
    { path: "skip", from: "[]", to: '["stack"]' },
    { path: "target.model", from: "-", to: '"m"' },
  ]);
});

test("terms of the whole run are settings too", () => {
  const changed = changedSettings(
    planWith({}),
    planWith({}, { profile: "full", confidence: 0.99, maxAgeMs: 60_000, retries: 0 }),
  );
  expect(changed.map(({ path, to }) => [path, to])).toEqual([
    ["confidence", "0.99"],
    ["maxAgeMs", "60000"],
    ["profile", '"full"'],
    ["retries", "0"],
  ]);
});

test("at most 200 settings are listed, long values are cut, deep ones kept whole", () => {
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [`k${at}`, "x".repeat(500)]),
  );
  const changed = changedSettings(planWith({}), planWith({ load: many }));
  expect(changed).toHaveLength(200);
  expect(changed[0]?.to).toHaveLength(120);
  let deep: unknown = 1;
  for (let at = 0; at < 40; at++) deep = { in: deep };
  const [first] = changedSettings(planWith({}), planWith({ load: deep }));
  expect(first?.path.split(".").length).toBeLessThan(14);
});

import { describe, expect, it } from "vitest";
import type { LoadPlan, Scenario } from "../types.ts";
import { Recorder } from "./recorder.ts";
import { timeLeftMs } from "./time-left.ts";

const shared: Scenario = { executor: "shared-iterations", vus: 10, iterations: 110 };
const each: Scenario = {
  executor: "per-vu-iterations",
  vus: 10,
  iterations: 11,
  maxDurationMs: 20_000,
};

describe("the time left of a scenario", () => {
  it.each([shared, each])("$executor: follows the pace of its iterations", (scenario) => {
    // 10 users, so of 30 begun 20 ended in 4 s: 80 more take 16 s.
    expect(timeLeftMs(scenario, 4_000, 30)).toBe(16_000);
    expect(timeLeftMs(scenario, 8_000, 90)).toBe(2_000);
    expect(timeLeftMs(scenario, 9_000, 110)).toBe(0);
  });

  it("is the longest it may be until an iteration has ended, and never more than that", () => {
    expect(timeLeftMs(shared, 0, 0)).toBe(600_000);
    expect(timeLeftMs(each, 5_000, 10)).toBe(15_000);
    expect(timeLeftMs(each, 18_000, 11)).toBe(2_000);
    expect(timeLeftMs(each, 25_000, 11)).toBe(0);
  });

  it("is what the plan says where time alone ends a scenario", () => {
    const users: Scenario = { executor: "constant-vus", vus: 10, durationMs: 5_000 };
    expect(timeLeftMs(users, 2_000, 1_000_000)).toBe(3_000);
  });

  it("of fewer iterations than users, they are over when the last has begun", () => {
    const few: Scenario = { executor: "shared-iterations", vus: 10, iterations: 4 };
    expect(timeLeftMs(few, 10, 3)).toBe(599_990);
    expect(timeLeftMs(few, 10, 4)).toBe(0);
  });

  it("is shown for the scenario that takes longest, by what all senders have begun", () => {
    const users: Scenario = { executor: "constant-vus", vus: 1, durationMs: 5_000 };
    const plan: LoadPlan = {
      target: { baseUrl: "http://127.0.0.1:9" },
      seed: 7,
      scenarios: { users, shared },
      limits: [],
    };
    const senders = [new Recorder(plan), new Recorder(plan)];
    const whole = new Recorder(plan);
    for (const one of [...senders, whole]) one.begin(1_000);
    for (const sender of senders) for (let n = 0; n < 15; n++) sender.at(1).release();
    for (const sender of senders) whole.add(sender);
    expect(whole.frame(5_000).leftMs).toBe(16_000);
    for (const sender of senders) for (let n = 0; n < 40; n++) sender.at(1).release();
    whole.clear();
    for (const sender of senders) whole.add(sender);
    expect(whole.frame(5_000).leftMs).toBe(1_000);
  });
});

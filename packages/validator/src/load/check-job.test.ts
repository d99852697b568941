import { describe, expect, it } from "vitest";
import { checkJob } from "./check-job.ts";
import { bindJob, type LoadJob } from "./job.ts";
import type { Scenario } from "./scenario-types.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const rated: Scenario = {
  executor: "constant-arrival-rate",
  rate: 20,
  durationMs: 60_000,
  request,
};

/** What checking says of a job: the error's code, or "accepted". */
function said(scenario: Scenario, rest: Partial<LoadJob> = {}, load: object = {}): string {
  const job: LoadJob = {
    profile: "test",
    name: "target",
    load: {
      target: { baseUrl: "http://127.0.0.1:1" },
      seed: 7,
      scenarios: { s: scenario },
      limits: [],
      ...load,
    },
    thresholds: {},
    confidence: 0.95,
    waive: [],
    explore: false,
    ...rest,
  };
  try {
    checkJob(bindJob(job));
    return "accepted";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

describe("a job before anything is sent", () => {
  it("is refused for its target, its terms and its caps", () => {
    const elsewhere = { target: { baseUrl: "http://elsewhere.invalid" } };
    const allowed = { ...elsewhere.target, allowHosts: ["elsewhere.invalid"] };
    expect(said(rated)).toBe("accepted");
    expect(said(rated, {}, elsewhere)).toBe("LL_LOAD_HOST_REFUSED");
    expect(said(rated, {}, { target: allowed })).toBe("accepted");
    expect(said({ ...rated, rate: 50_001 })).toBe("LL_LOAD_ABOVE_CAP");
    expect(said({ ...rated, rate: 50_001 }, {}, { aboveCaps: true })).toBe("accepted");
    expect(said({ ...rated, rate: 0 })).toBe("LL_LOAD_PLAN_INVALID");
  });

  it("is refused for caps that its scenarios break together, or by when they end", () => {
    const users = (vus: number, startMs: number): Scenario => {
      return { executor: "constant-vus", vus, durationMs: 60_000, startMs, request };
    };
    const all = (...scenarios: Scenario[]) =>
      said(rated, {}, { scenarios: Object.fromEntries(scenarios.map((one, i) => [`s${i}`, one])) });
    expect(all(users(10_000, 0), users(10_000, 0))).toBe("accepted");
    expect(all(users(10_000, 0), users(10_001, 59_999))).toBe("LL_LOAD_ABOVE_CAP");
    expect(all(users(10_000, 0), users(10_001, 60_000))).toBe("accepted");
    const fast = { ...rated, rate: 25_001 };
    expect(all(fast, fast)).toBe("LL_LOAD_ABOVE_CAP");
    expect(said(rated, {}, { scenarios: { a: fast, b: fast }, aboveCaps: true })).toBe("accepted");
    const dayMs = 86_400_000;
    expect(said({ ...rated, startMs: dayMs - 60_000 })).toBe("accepted");
    expect(said({ ...rated, startMs: dayMs - 59_999 })).toBe("LL_LOAD_ABOVE_CAP");
    expect(said({ ...rated, gracefulStopMs: dayMs + 1 })).toBe("LL_LOAD_ABOVE_CAP");
  });

  it("of two targets is refused for either, and where it has no blocks", () => {
    const ab = { ab: "http://127.0.0.1:2", triples: 100 };
    expect(said(rated, ab)).toBe("accepted");
    expect(said(rated, { ...ab, ab: "http://elsewhere.invalid" })).toBe("LL_LOAD_HOST_REFUSED");
    const stages = [{ durationMs: 60_000, target: 5 }];
    expect(said({ executor: "ramping-vus", stages, request }, ab)).toBe("LL_LOAD_PLAN_INVALID");
    const two = { scenarios: { a: rated, b: rated } };
    expect(said(rated, ab, two)).toBe("LL_LOAD_PLAN_INVALID");
    expect(said(rated, {}, two)).toBe("accepted");
  });
});

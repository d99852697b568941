import { describe, expect, it } from "vitest";
import type { LoadPlan, Scenario } from "../load/index.ts";
import { checkLocalLimits, localLimits, socketsNeeded } from "./local-limits.ts";

const request = { kind: "http", method: "GET", path: "/" } as const;
const users = (vus: number): Scenario => ({
  executor: "constant-vus",
  vus,
  durationMs: 1_000,
  request,
});
const rooms = (members: number): Scenario => ({
  executor: "constant-arrival-rate",
  rate: 1,
  durationMs: 1_000,
  exec: { kind: "rooms", options: { path: "/ws", members } },
});

function plan(scenarios: LoadPlan["scenarios"], rest: Partial<LoadPlan> = {}): LoadPlan {
  return { target: { baseUrl: "http://127.0.0.1:1" }, seed: 1, scenarios, limits: [], ...rest };
}

const files =
  "Limit  Soft Limit  Hard Limit  Units\nMax open files            256                  4096                 files\n";

describe("limits of this machine", () => {
  it("are read where the system says them, and unknown where it does not", () => {
    const read = (path: string): string => (path.endsWith("limits") ? files : "32768\t60999\n");
    expect(localLimits(read)).toEqual({ descriptors: 256, ports: 28_232 });
    expect(localLimits(() => null)).toEqual({ descriptors: null, ports: null });
  });

  it("users share connections up to the cap, each member of a room has one of its own", () => {
    expect(socketsNeeded(plan({ a: users(100), b: users(50) }))).toBe(150);
    expect(socketsNeeded(plan({ a: users(5_000) }))).toBe(1_024);
    expect(socketsNeeded(plan({ a: users(5_000) }, { connectionsMax: 3_000, workers: 2 }))).toBe(
      5_000,
    );
    expect(socketsNeeded(plan({ a: rooms(2_000), b: users(10) }))).toBe(2_010);
    expect(socketsNeeded(plan({ a: rooms(2_000) }, { processes: 4 }))).toBe(500);
  });

  it("a plan above them is refused with the number needed and the number there", () => {
    const few = { descriptors: 256, ports: 28_232 };
    expect(() => checkLocalLimits(plan({ a: users(190) }), few)).not.toThrow();
    expect(() => checkLocalLimits(plan({ a: users(200) }), few)).toThrow(
      /needs 264 descriptors, 256 are there/,
    );
    const wide = { descriptors: 1_000_000, ports: 28_232 };
    expect(() => checkLocalLimits(plan({ a: rooms(30_000) }), wide)).toThrow(
      /needs 30000 ports to one address, 28232 are there/,
    );
    const unknown = { descriptors: null, ports: null };
    expect(() => checkLocalLimits(plan({ a: rooms(30_000) }), unknown)).not.toThrow();
  });

  it("the most users a scenario ever has are counted, whatever drives it", () => {
    const stage = (target: number) => ({ durationMs: 1_000, target });
    const ramp = { executor: "ramping-vus", startVus: 7, request } as const;
    const need = (scenario: Scenario): number => socketsNeeded(plan({ a: scenario }));
    expect(need({ ...ramp, stages: [stage(40), stage(3)] })).toBe(40);
    expect(need({ ...ramp, stages: [stage(1)] })).toBe(7);
    expect(need({ executor: "ladder", users: [5, 90, 20], holdMs: 1_000, request })).toBe(90);
    expect(need({ executor: "shared-iterations", vus: 6, iterations: 9, request })).toBe(6);
  });

  it("processes share the descriptors and not the ports", () => {
    const load = plan({ a: rooms(20_000) }, { processes: 4 });
    expect(() => checkLocalLimits(load, { descriptors: 5_064, ports: 20_000 })).not.toThrow();
    expect(() => checkLocalLimits(load, { descriptors: 5_063, ports: null })).toThrow(
      expect.objectContaining({ code: "LL_LOAD_FD_LIMIT" }),
    );
    expect(() => checkLocalLimits(load, { descriptors: null, ports: 19_999 })).toThrow(
      expect.objectContaining({ code: "LL_LOAD_PORTS" }),
    );
  });

  it("a limit that is no number is unknown, and what this machine says is a number or unknown", () => {
    const endless = "Max open files            unlimited            unlimited            files\n";
    expect(localLimits(() => endless)).toEqual({ descriptors: null, ports: null });
    for (const value of Object.values(localLimits())) expect(value ?? 1).toBeGreaterThan(0);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planFolder } from "../plan/run.fixture.ts";
import type { Scenario } from "../types.ts";
import { perIteration } from "./per-iteration.ts";

async function scenarioOf(steps: string): Promise<Scenario> {
  using folder = planFolder();
  const file = await folder.compile(`load:
  target: { baseUrl: "http://127.0.0.1:9" }
  scenarios: { s: { executor: constant-arrival-rate, rate: 5, duration: 10s, ${steps} } }
`);
  const found = file.plan.scenarios["s"];
  if (found === undefined) throw new TypeError("no scenario");
  return found;
}

describe("requests of one iteration", () => {
  it("are those of its steps, as often as each is repeated", async () => {
    const scenario = await scenarioOf(`steps: [
      { name: a, http: /a }, { sleep: 1s },
      { repeat: { times: 3, steps: [{ name: b, http: /b }, { group: { name: g, steps: [{ repeat: { times: 2, steps: [{ name: c, http: /c }] } }] } }] } } ]`);
    expect(perIteration(scenario, undefined)).toEqual({ most: 10, about: 10 });
    expect(["a", "b", "c"].map((step) => perIteration(scenario, step).most)).toEqual([1, 3, 6]);
  });

  it("a step for what went wrong is there at most, and not where all goes well", async () => {
    const scenario = await scenarioOf(
      "steps: [{ name: a, http: /a }, { name: b, when: [bad], http: /b }, { name: c, when: [ok, bad], http: /c }]",
    );
    expect(perIteration(scenario, undefined)).toEqual({ most: 3, about: 2 });
    expect(perIteration(scenario, "b")).toEqual({ most: 1, about: 0 });
  });

  it("of a mix each part brings its share, and all steps together the whole", () => {
    const request = { kind: "http", method: "GET", path: "/" } as const;
    const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, (each) => {
        const parts = each.map((weight, at) => ({ name: `p${at}`, weight, request }));
        const mix = { exec: { kind: "mix", parts } } as const;
        const whole = each.reduce((sum, one) => sum + one, 0);
        let sum = 0;
        for (const [at, weight] of each.entries()) {
          const most = perIteration(mix, `p${at}`).most ?? Number.NaN;
          expect(most).toBeCloseTo(weight / whole, 9);
          sum += most;
        }
        expect(perIteration(mix, undefined).most).toBeCloseTo(sum, 9);
      }),
    );
  });

  it("of a module nobody knows a bound", () => {
    const exec = { kind: "module", file: "./x.ts", export: "x" } as const;
    expect(perIteration({ exec }, undefined)).toEqual({ most: null, about: 1 });
    const parts = [{ name: "x", weight: 1, exec, steps: [{ name: "x" }] }];
    expect(perIteration({ exec: { kind: "mix", parts } }, undefined).most).toBeNull();
    expect(perIteration({ exec: { kind: "mix", parts } }, "y").most).toBe(0);
  });
});

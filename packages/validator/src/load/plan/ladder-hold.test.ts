import { describe, expect, it } from "vitest";
import { bindJob } from "../job.ts";
import { jobOfFile } from "../job-of-file.ts";
import { loadPlanRows } from "../plan-rows.ts";
import { durationOf } from "./duration.ts";
import { plan, planFolder } from "./run.fixture.ts";

/** A ladder's plan, bound; `terms` follow its executor. */
async function held(terms: string, thresholds = "") {
  using folder = planFolder();
  const top = thresholds === "" ? "" : `  thresholds: { ${thresholds} }\n`;
  const file = await folder.compile(plan(`{ executor: ladder, ${terms} }`, top));
  const bound = bindJob(jobOfFile(file, { profile: "test", explore: false }));
  const scenario = bound.load.scenarios["s"];
  if (scenario?.executor !== "ladder") throw new Error("no ladder");
  return { bound, scenario, holdMs: scenario.holdMs };
}

const one = "steps: [{ name: a, http: /a }]";
const two = "steps: [{ name: a, http: /a }, { name: b, http: /b }]";
const p99 = 'response_time: "p(99)<2s"';

describe("how long a ladder holds when nobody says", () => {
  it.each([
    // 299 answers of 500 ms, three rounds, nine tenths of a hold counted.
    ["one user", `users: [1], ${one}`, 56_000],
    ["all sizes together", `users: [1, 2], ${one}`, 19_000],
    ["as many rounds as it has", `users: [1], rounds: 6, ${one}`, 28_000],
    ["a pause between iterations", `users: [1, 2], think: 1s..3s, ${one}`, 93_000],
    ["its own time to settle", `users: [1, 2], settle: 4s, ${one}`, 21_000],
    ["both requests of an iteration", `users: [1], ${two}`, 28_000],
    ["many users: never under 10 s", `users: [50, 100], ${one}`, 10_000],
    ["a settling longer than the least", `users: [50, 100], settle: 15s, ${one}`, 25_000],
  ])("p99 needs 299 samples: %s", async (_what, terms, holdMs) => {
    expect((await held(terms, p99)).holdMs).toBe(holdMs);
  });

  it("is what the most demanding claim needs, of one step as of all", async () => {
    const p95 = 'response_time: "p(95)<2s"';
    expect((await held(`users: [1], ${one}`, p95)).holdMs).toBe(11_000);
    expect((await held(`users: [1], ${one}`, `${p95}, errors: "rate<0.5%"`)).holdMs).toBe(111_000);
    const step = '"response_time{step:b}": "p(99)<2s"';
    expect((await held(`users: [1], ${two}`, step)).holdMs).toBe(56_000);
  });

  it("what is planned then proves every claim, and minutes count it", async () => {
    const { bound, scenario } = await held(`users: [1, 2], ${one}`, p99);
    const rows = loadPlanRows(bound).filter(({ kind }) => kind !== "predicate");
    expect(rows).toHaveLength(2);
    for (const { planned, needed } of rows) {
      expect(planned).toBeGreaterThanOrEqual(needed[0] ?? Number.NaN);
    }
    expect(durationOf(scenario)).toBe(19_000 * 2 * 3);
    expect(bound.job.load.scenarios).toEqual(bound.load.scenarios);
  });

  it("a given hold is kept, whatever the claims need, and binding again changes nothing", async () => {
    expect((await held(`users: [1], hold: 3s, ${one}`, p99)).holdMs).toBe(3_000);
    const { bound } = await held(`users: [50, 100], settle: 4s, ${one}`, p99);
    expect(bindJob(bound.job).load.scenarios).toEqual(bound.load.scenarios);
  });
});

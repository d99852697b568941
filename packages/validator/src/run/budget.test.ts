import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { fullPlan, quickPlan } from "../plan/build-plan.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { cleanRules, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { checkBudget, planBudget } from "./budget.ts";
import { runValidation } from "./run-validation.ts";
import type { ValidationDeps } from "./types.ts";

const baseUrl = "http://127.0.0.1:1/v1";

function depsIn(runsDir: string, more: Partial<ValidationDeps> = {}): ValidationDeps {
  return {
    clock: systemClock(),
    random: seededRandom(5),
    runsDir,
    toolVersion: "0",
    apiKey: stubKey,
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
    loadEngine: "inline",
    ...more,
  };
}

function planOf(text: object) {
  const parsed = parsePlanFile(JSON.stringify(text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan;
}

describe("the budget of a run", () => {
  it("[R2-52] is the sum of its stages and the rests between them", () => {
    const { rows, sumMs } = planBudget(fullPlan({ baseUrl }));
    const sum = rows.reduce((all, row) => all + row.plannedMs + row.cooldownMs, 0);
    expect(sumMs).toBe(sum);
    expect(rows.map(({ stage }) => stage)).toEqual([
      "preflight",
      "probe",
      "load",
      "chaos",
      "audit",
      "drill",
    ]);
    expect(rows.map(({ cooldownMs }) => cooldownMs)).toEqual([0, 0, 10_000, 0, 0, 0]);
  });

  it("[R2-51] the quick profile fits 10 min, the full one 60; what no build runs is said", () => {
    expect(checkBudget(quickPlan({ baseUrl })).budgetMs).toBe(600_000);
    const full = checkBudget(fullPlan({ baseUrl }));
    expect(full.budgetMs).toBe(3_600_000);
    const declared = full.rows.filter(({ state }) => state === "declared only");
    expect(declared.map(({ stage }) => stage)).toEqual(["chaos", "audit", "drill"]);
  });

  it("a skipped stage takes no time, rests no one and stays in the list", () => {
    const { rows } = planBudget(fullPlan({ baseUrl, skip: ["load"] }));
    const load = rows.find(({ stage }) => stage === "load");
    expect(load).toMatchObject({ state: "skipped", plannedMs: 0, cooldownMs: 0 });
  });

  it("stages that do not fit are refused before a folder is made or a byte is sent", async () => {
    const plan = planOf({ target: { url: baseUrl }, load: { durationSeconds: 3_000 } });
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-budget-"));
    const run = runValidation(plan, depsIn(runsDir));
    await expect(run).rejects.toThrow(/take 50\.\d min .*announces 10\.0 min/);
    expect(readdirSync(runsDir)).toEqual([]);
  });

  it("a plan that announces more time may take it", () => {
    const load = { durationSeconds: 3_000 };
    expect(
      checkBudget(planOf({ target: { url: baseUrl }, load, budgetMinutes: 60 })).sumMs,
    ).toBeGreaterThan(3_000_000);
  });
});

describe("a run within its budget", () => {
  it("records the plan it printed, rests between stages, and skips are shown", async () => {
    await using stub = await startStub(cleanRules);
    const plan = planOf({
      target: { url: stub.baseUrl, auth: "bearer" },
      cooldownSeconds: 0.2,
      load: { ratePerSecond: 20, durationSeconds: 1, warmupSeconds: 0 },
      profile: "full",
      skip: ["audit"],
    });
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-budget-"));
    const result = await runValidation(plan, depsIn(runsDir));
    const lines = readFileSync(join(result.runDir, "evidence.jsonl"), "utf8").split("\n");
    expect(lines[1]).toContain('"budget"');
    expect(lines.filter((line) => line.includes('"cooldownMs":200}'))).toHaveLength(1);
    const words = new Map(result.verdict.claims.map((c) => [c.id, `${c.verdict} ${c.reason}`]));
    expect(words.get("audit.families")).toBe("not_tested skipped");
    expect(words.get("drill.restore")).toBe("not_tested not_run");
    expect(result.verdict.outcome).not.toBe("READY");
  }, 60_000);

  it("stages that begin after the announced time are not tested, over budget", async () => {
    await using stub = await startStub(cleanRules);
    const clock = systemClock();
    let lateMs = 0;
    const slow = {
      monotonicMs: () => clock.monotonicMs() + lateMs,
      wallMs: () => clock.wallMs(),
      sleep: clock.sleep.bind(clock),
      after: clock.after.bind(clock),
    };
    const plan = planOf({ target: { url: stub.baseUrl, auth: "bearer" }, budgetMinutes: 1 });
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-budget-"));
    const onProgress: ValidationDeps["onProgress"] = ({ stage, state }) => {
      if (stage === "probe" && state === "running") lateMs = 61_000;
    };
    const result = await runValidation(plan, depsIn(runsDir, { clock: slow, onProgress }));
    const load = result.verdict.claims.filter(({ id }) => id.startsWith("chat.load"));
    const late = result.verdict.claims.filter(({ reason }) => reason === "over_budget");
    expect(late.length).toBeGreaterThanOrEqual(Math.max(1, load.length));
    expect(result.verdict.outcome).not.toBe("READY");
  }, 60_000);
});

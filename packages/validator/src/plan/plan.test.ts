import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { samplesNeeded } from "@loadline/contract";
import { describe, expect, it } from "vitest";
import { fullPlan, quickPlan } from "./build-plan.ts";
import { plannedRequests } from "./load-claims.ts";
import { loadPlanFile, parsePlanFile } from "./load-plan-file.ts";
import { planFileSchema } from "./manifest.ts";

const baseUrl = "http://127.0.0.1:8080/v1";

describe("plan", () => {
  it("every load claim of the quick plan is provable with one bad request and slack", () => {
    const n = plannedRequests(planFileSchema.parse({ target: { url: baseUrl } }).load);
    expect(n).toBe(500);
    const claims = quickPlan({ baseUrl }).claims.filter(({ kind }) => kind !== "predicate");
    expect(claims.length).toBe(7);
    for (const { id, target, confidence } of claims) {
      expect(samplesNeeded(1, target ?? 1, confidence) ?? Infinity, id).toBeLessThanOrEqual(
        n * 0.95,
      );
    }
  });

  it("claim ids are unique and the quick run announces ten minutes, the full one sixty", () => {
    const plan = quickPlan({ baseUrl });
    expect(new Set(plan.claims.map(({ id }) => id)).size).toBe(plan.claims.length);
    expect(plan.budgetMinutes).toBe(10);
    expect(fullPlan({ baseUrl }).budgetMinutes).toBe(60);
  });

  it("the address alone makes a plan; what it does not declare is shown, not counted", () => {
    const required = new Map(quickPlan({ baseUrl }).claims.map((c) => [c.id, c.required]));
    for (const id of ["openai.auth", "openai.unknown_model", "openai.oversized", "http.health"]) {
      expect(required.get(id), id).toBe(false);
    }
    expect(required.get("openai.chat")).toBe(true);
    const keyed = quickPlan({ baseUrl, apiKeyEnv: "KEY" });
    expect(keyed.claims.find(({ id }) => id === "openai.auth")?.required).toBe(true);
  });

  it("the full plan is the quick plan and required claims that nothing here decides", () => {
    const quick = quickPlan({ baseUrl }).claims.map(({ id }) => id);
    const more = fullPlan({ baseUrl }).claims.filter(({ id }) => !quick.includes(id));
    expect(more.length).toBeGreaterThan(0);
    expect(more.every(({ required }) => required)).toBe(true);
  });

  it("a wrong key is named with its path, its line and the nearest right key", () => {
    const result = parsePlanFile(`target:\n  url: ${baseUrl}\n  modell: x\nlaod: {}\n`);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.problems).toEqual([
      {
        code: "LL_PLAN_KEY",
        path: "target.modell",
        message: 'unknown key. Did you mean "model"?',
        line: 3,
      },
      { code: "LL_PLAN_KEY", path: "laod", message: 'unknown key. Did you mean "load"?', line: 4 },
    ]);
  });

  it.each(["http://ada:word@127.0.0.1/v1", `${baseUrl}?api-key=word`, `${baseUrl}#word`])(
    "an address with what is not sent is refused, and what it holds not repeated: %s",
    (url) => {
      const result = parsePlanFile(`target:\n  url: "${url}"\n`);
      expect(result.ok ? [] : result.problems.map(({ path, line }) => [path, line])).toEqual([
        ["target.url", 2],
      ]);
      expect(JSON.stringify(result)).not.toContain("word");
    },
  );

  it("a value out of range is refused with its line", () => {
    const result = parsePlanFile(`target:\n  url: ${baseUrl}\nconfidence: 2\n`);
    expect(result.ok ? [] : result.problems.map(({ path, line }) => [path, line])).toEqual([
      ["confidence", 3],
    ]);
  });

  it("text that is no YAML is refused with its line", () => {
    const result = parsePlanFile("target: {\nurl: [\n");
    expect(result.ok).toBe(false);
  });

  it("a file that is not there is LL_PLAN_FILE, one that is wrong LL_PLAN_INVALID", async () => {
    const root = mkdtempSync(join(tmpdir(), "loadline-plan-"));
    const path = join(root, "plan.yaml");
    await expect(loadPlanFile(path)).rejects.toMatchObject({ code: "LL_PLAN_FILE" });
    writeFileSync(path, "targt: {}\n");
    await expect(loadPlanFile(path)).rejects.toMatchObject({ code: "LL_PLAN_INVALID" });
    writeFileSync(path, `target: { url: "${baseUrl}" }\n`);
    expect((await loadPlanFile(path)).plan.target.baseUrl).toBe(baseUrl);
    rmSync(root, { recursive: true });
  });
});

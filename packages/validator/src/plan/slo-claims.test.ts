import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDeps } from "../run/load-job.fixture.ts";
import { runValidation } from "../run/run-validation.ts";
import { cleanRules, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { loadPlanFile, parsePlanFile } from "./load-plan-file.ts";

/** Objectives as people write them. */
const definitions = `
slo_targets:
  availability: { target: 99.5, window: "30 days" }
  latency: { p99: { target: 2000, window: "1 hour" } }
  data_loss: { target: 0, window: continuous }
service_slos:
  rag: { p99_latency: { target: 1800 } }
  gateway: { embed_latency_p99: 300 }
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loadline-slo-plan-"));
  writeFileSync(join(folder, "slo.yaml"), definitions);
  writeFileSync(join(folder, "broken.yaml"), "slo_targets: { availabilty: 1 }\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = { ratePerSecond: 40, durationSeconds: 1, warmupSeconds: 0 };

function write(slo: string, url = "http://127.0.0.1:9/v1", more: object = {}): string {
  const path = join(folder, "plan.yaml");
  const target = { url, auth: "bearer", apiKeyEnv: "STUB_KEY" };
  writeFileSync(path, JSON.stringify({ target, load, slo, ...more }));
  return path;
}

describe("objectives of a plan", () => {
  it("are claims of it, on the streams of its stages and of those that are not built", async () => {
    const { plan } = await loadPlanFile(write("slo.yaml"));
    const own = plan.claims.filter(({ id }) => id.startsWith("slo."));
    const rows = own.map(({ kind, of }) => `${kind} ${of}`);
    expect(rows).toContain("proportion load.chat.errors");
    expect(rows).toContain("quantile load.chat.response_time");
    expect(rows.some((row) => /^zero_loss drill\..*\.loss$/.test(row))).toBe(true);
    expect(plan.stages["own"]).toEqual(own.map(({ id }) => id));
  });

  it("are shown at the confidence of the plan, not at a fixed one", async () => {
    const duties = "service_slos: { mcp: { operation_timeout: 30000, cpu_utilization: 80 } }\n";
    writeFileSync(join(folder, "all.yaml"), `${definitions}compliance: { rpo: "1 hour" }\n`);
    writeFileSync(join(folder, "services.yaml"), duties);
    for (const name of ["all.yaml", "services.yaml"]) {
      const { plan } = await loadPlanFile(write(name, undefined, { confidence: 0.99 }));
      const own = plan.claims.filter(({ id }) => id.startsWith("slo."));
      expect(own.length, name).toBeGreaterThan(1);
      expect(new Set(own.map(({ confidence }) => confidence))).toEqual(new Set([0.99]));
    }
  });

  it.each([
    ["slo_targets: {}\n", "LL_PLAN_EMPTY_CLAIM"],
    ["schema: loadline-slo/v1\n", "LL_PLAN_EMPTY_CLAIM"],
    ["schema: loadline-slo/v1\nslos: []\n", "LL_PLAN_EMPTY_CLAIM"],
    ["slo_targets: { availability: 0 }\n", "LL_SLO_OBJECTIVE availability"],
    ["slo_targets: { availability: 100 }\n", "LL_SLO_OBJECTIVE availability"],
    ["slo_targets: { error_rate: 100 }\n", "LL_SLO_OBJECTIVE error_rate"],
    ["slo_targets: { availability: 0.995 }\n", "LL_SLO_UNIT slo_targets.availability"],
  ])("%j promises nothing that could be missed, and is refused", async (text, line) => {
    writeFileSync(join(folder, "nothing.yaml"), text);
    const loading = loadPlanFile(write("nothing.yaml"));
    await expect(loading).rejects.toMatchObject({ code: "LL_PLAN_INVALID" });
    await expect(loading).rejects.toThrow(line);
  });

  it("a file that is not there, or wrong, ends the plan with its own lines", async () => {
    await expect(loadPlanFile(write("none.yaml"))).rejects.toMatchObject({ code: "LL_PLAN_FILE" });
    const broken = loadPlanFile(write("broken.yaml"));
    await expect(broken).rejects.toMatchObject({ code: "LL_PLAN_INVALID" });
    await expect(broken).rejects.toThrow(/broken\.yaml:1/);
    const bare = parsePlanFile(JSON.stringify({ target: { url: "http://127.0.0.1:9" }, slo: "x" }));
    expect(bare.ok ? [] : bare.problems.map(({ path }) => path)).toEqual(["slo"]);
  });

  it("are decided where the load is counted for them, and else not tested, by name", async () => {
    await using stub = await startStub(cleanRules);
    const { plan } = await loadPlanFile(write("slo.yaml", stub.baseUrl));
    const result = await runValidation(
      plan,
      loadDeps({ apiKey: stubKey, runsDir: join(folder, "runs") }),
    );
    const claims = result.verdict.claims.filter(({ id }) => id.startsWith("slo."));
    const of = new Map(plan.claims.map((claim) => [claim.id, claim.of]));
    for (const { id, verdict, reason, sentence, n } of claims) {
      const isCounted = /^load\.chat\.(errors|response_time)$/.test(of.get(id) ?? "");
      if (isCounted) expect(n, id).toBeGreaterThan(0);
      else expect([id, verdict, reason]).toEqual([id, "not_tested", "not_run"]);
      // Forty requests prove nothing of 99.5 %.
      expect(verdict, id).not.toBe("passed");
      if (/^load\.(?:rag|slo)\./.test(of.get(id) ?? "")) expect(sentence).toContain(of.get(id));
    }
    expect(claims.length).toBeGreaterThan(3);
  });
});

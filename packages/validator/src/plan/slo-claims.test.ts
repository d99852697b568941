import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "loadline-slo-plan-"));
  writeFileSync(join(folder, "slo.yaml"), definitions);
  writeFileSync(join(folder, "broken.yaml"), "slo_targets: { availabilty: 1 }\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = { ratePerSecond: 40, durationSeconds: 1, warmupSeconds: 0 };

function write(slo: string, url = "http://127.0.0.1:9/v1"): string {
  const path = join(folder, "plan.yaml");
  const target = { url, auth: "bearer", apiKeyEnv: "STUB_KEY" };
  writeFileSync(path, JSON.stringify({ target, load, slo }));
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
    const result = await runValidation(plan, {
      clock: systemClock(),
      random: seededRandom(3),
      runsDir: join(folder, "runs"),
      toolVersion: "0.1.0",
      apiKey: stubKey,
      reporters: [],
      onProgress: () => undefined,
      signal: new AbortController().signal,
      loadEngine: "inline",
    });
    const claims = result.verdict.claims.filter(({ id }) => id.startsWith("slo."));
    const of = new Map(plan.claims.map((claim) => [claim.id, claim.of]));
    for (const { id, verdict, reason, sentence, n } of claims) {
      const isCounted = /^load\.chat\.(errors|response_time)$/.test(of.get(id) ?? "");
      if (isCounted) expect(n, id).toBeGreaterThan(0);
      else expect([id, verdict, reason]).toEqual([id, "not_tested", "not_run"]);
      // Forty requests prove nothing of 99.5 %.
      expect(verdict, id).not.toBe("passed");
      if (of.get(id)?.startsWith("load.rag") === true) expect(sentence).toContain("load.rag");
    }
    expect(claims.length).toBeGreaterThan(3);
  });
});

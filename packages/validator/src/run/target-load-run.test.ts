import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { buildPlan } from "../plan/build-plan.ts";
import { type PlanFileInput, planFileSchema } from "../plan/manifest.ts";
import { cleanRules, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { loadDeps, removeRuns, verifyExit } from "./load-job.fixture.ts";
import { runValidation } from "./run-validation.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

afterEach(removeRuns);

/** Long enough for their claims, limits that no busy machine reaches. */
const load = {
  ratePerSecond: 40,
  durationSeconds: 1,
  warmupSeconds: 0,
  success: 0.9,
  p99Ms: 60_000,
  ladder: { users: [4], holdSeconds: 1, rounds: 3 },
  soak: { minutes: 0.15, share: 1, memory: { process: process.pid } },
} as const satisfies PlanFileInput["load"];

function validate(
  url: string,
  over: Partial<ValidationDeps> = {},
  wanted: PlanFileInput["load"] = load,
): Promise<ValidationResult> {
  const target = { url, auth: "bearer", apiKeyEnv: "KEY" } as const;
  const plan = buildPlan(planFileSchema.parse({ target, load: wanted, skip: ["probe"] }));
  return runValidation(plan, loadDeps({ apiKey: stubKey, ...over }));
}

const wordsOf = ({ verdict }: ValidationResult): Record<string, string> =>
  Object.fromEntries(
    verdict.claims
      .filter(({ id }) => /ladder|soak|memory/.test(id))
      .map(({ id, verdict: word, reason }) => [id, `${word} ${reason ?? ""}`.trim()]),
  );
/** Not wrong; a guard may leave it open on a busy machine. */
const kept = /^passed$|^inconclusive (generator|noise|gaps)$/;

describe("the ladder and the soak of a run", () => {
  it("are sent after the steady load, decide their claims, and tell knee and memory [R1-24]", async () => {
    await using stub = await startStub(cleanRules);
    const said: string[] = [];
    const result = await validate(stub.baseUrl, {
      onProgress: ({ stage, text }) => void said.push(`${stage} ${text}`),
    });
    const words = wordsOf(result);
    for (const id of ["ladder.success", "soak.success", "soak.p99"]) {
      expect(words[`load.${id}`], JSON.stringify(words)).toMatch(kept);
    }
    const speedUp = result.verdict.claims.find(({ id }) => id === "load.ladder.speed_up");
    // A busy machine may have no room for four.
    expect(`${speedUp?.sentence}`).toMatch(/Observed [\d.]+, at least 1 wanted/);
    const growth = result.verdict.claims.find(({ id }) => id === "target.memory_growth.1");
    // Nine seconds tell no slope, and that is said.
    expect(growth).toMatchObject({ verdict: "not_tested", reason: "not_run" });
    expect(growth?.sentence).toContain("tell no slope");
    const log = readFileSync(join(result.runDir, "evidence.jsonl"), "utf8");
    expect(log.indexOf('"scenario":"ladder"')).toBeGreaterThan(log.indexOf('"scenario":"chat"'));
    expect(log.indexOf('"scenario":"soak"')).toBeGreaterThan(log.indexOf('"scenario":"ladder"'));
    expect(said.some((line) => line.startsWith("load ") && line.includes("in flight"))).toBe(true);
    expect(await verifyExit(result)).toBe(0);
  }, 90_000);

  it("of a target that lacks the route are errors of the question, and nothing is sent", async () => {
    let asked = 0;
    const bare = createServer((_request, response) => {
      asked++;
      response.writeHead(404, { "content-type": "application/json" }).end("{}");
    });
    const url = `http://127.0.0.1:${await listenOnLoopback(bare)}/v1`;
    const result = await validate(url);
    bare.close();
    expect(new Set(Object.values(wordsOf(result)))).toEqual(new Set(["error probe_contract"]));
    expect(asked).toBeLessThan(20);
  }, 60_000);

  it("that are stopped half way are not tested, however well it went so far", async () => {
    await using stub = await startStub(cleanRules);
    const { ladder: _ladder, ...alone } = load;
    const stop = new AbortController();
    const onProgress: ValidationDeps["onProgress"] = ({ text }) => {
      // 29 good answers in a row prove nine of ten.
      if (Number(/^\d+ due, (\d+) ok/.exec(text)?.[1] ?? 0) >= 60) stop.abort();
    };
    const result = await validate(stub.baseUrl, { signal: stop.signal, onProgress }, alone);
    expect(wordsOf(result)["load.soak.success"]).toBe("not_tested cancelled");
    expect(result.exitCode).toBe(130);
  }, 60_000);

  it("that are stopped leave their claims not tested, never passed", async () => {
    await using stub = await startStub(cleanRules);
    const stop = new AbortController();
    const result = await validate(stub.baseUrl, {
      signal: stop.signal,
      onProgress: ({ stage, text }) => {
        if (stage === "load" && text.includes("due")) stop.abort();
      },
    });
    const words = Object.values(wordsOf(result));
    expect(words).not.toContain("passed");
    expect(result.exitCode).toBe(130);
  }, 60_000);
});

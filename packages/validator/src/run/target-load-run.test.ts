import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
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

/** A plan about a stack alone, with a ladder on one of its routes. */
function ladderOf(url: string, path: string): Promise<ValidationResult> {
  const token = "${env:API_TOKEN}";
  const services = { api: { kind: "http", url, token } as const };
  const ladder = { ...load.ladder, route: { service: "api", path } };
  const { soak: _soak, ...alone } = load;
  const file = { stack: { services }, load: { ...alone, ladder }, skip: ["stack"] };
  const stackSecrets = new Map([[token, "of the api"]]);
  return runValidation(buildPlan(planFileSchema.parse(file)), loadDeps({ stackSecrets }));
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

  it("of a stack alone are sent to the route they name, with its token, and decide their claims [R1-24]", async () => {
    let [waiting, most, refused] = [0, 0, 0];
    const api = createServer((request, response) => {
      most = Math.max(most, ++waiting);
      if (request.headers.authorization !== "Bearer of the api") refused++;
      // Room for all: who is alone waits as long as who is not.
      systemClock().after(5, () => {
        waiting--;
        response.writeHead(request.url === "/base/items" ? 200 : 404).end("{}");
      });
    });
    const url = `http://127.0.0.1:${await listenOnLoopback(api)}/base`;
    const result = await ladderOf(url, "/items");
    api.close();
    const words = wordsOf(result);
    expect(words["load.ladder.success"]).toMatch(kept);
    expect(words["load.ladder.speed_up"]).toMatch(kept);
    expect([most > 1, refused]).toEqual([true, 0]);
    const [ladder] = result.verdict.claims.filter(({ id }) => id === "load.ladder.success");
    expect(ladder?.statement).toMatch(/^GET \/items of api success/);
    expect(await verifyExit(result)).toBe(0);
  }, 60_000);

  it("fail on a route that refuses whoever is not alone, and are errors where it is not there", async () => {
    let waiting = 0;
    const api = createServer((request, response) => {
      waiting++;
      systemClock().after(5, () => {
        const status = request.url === "/gone" ? 404 : waiting > 1 ? 503 : 200;
        waiting--;
        response.writeHead(status).end("{}");
      });
    });
    const url = `http://127.0.0.1:${await listenOnLoopback(api)}`;
    const crowded = await ladderOf(url, "/items");
    const gone = await ladderOf(url, "/gone");
    api.close();
    expect(wordsOf(crowded)["load.ladder.success"]).toMatch(
      /^failed limit$|^inconclusive (?:generator|noise)$/,
    );
    expect(crowded.exitCode).toBeGreaterThan(0);
    expect(wordsOf(gone)["load.ladder.success"]).toBe("error probe_contract");
  }, 60_000);

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

import { createServer, request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { quickPlan, type QuickPlanOptions } from "../plan/build-plan.ts";
import { refusal } from "../probes/samples.ts";
import type { StubRule } from "../probes/probe.ts";
import { cleanRules, stubBodyBytesMax, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { loadDeps, removeRuns } from "./load-job.fixture.ts";
import { runValidation } from "./run-validation.ts";

afterEach(removeRuns);

const named: Partial<QuickPlanOptions> = { model: "stub-model", skip: ["load"] };

/** Outcome, exit code, all that is said and the verdict of each claim of the probes. */
async function probed(baseUrl: string, o: Partial<QuickPlanOptions> = named) {
  const plan = quickPlan({
    baseUrl,
    apiKeyEnv: "STUB_KEY",
    bodyBytesMax: stubBodyBytesMax,
    unknownModel: "refused",
    embeddingsModel: "stub-model",
    ...o,
  });
  const { verdict, exitCode } = await runValidation(plan, loadDeps({ apiKey: stubKey }));
  const rows = verdict.claims.map((one) => [one.id, `${one.verdict}.${one.reason ?? ""}`]);
  const of: Readonly<Record<string, string>> = Object.fromEntries(rows);
  const said = verdict.claims.map(({ sentence }) => sentence ?? "").join("\n");
  return { of, said, outcome: verdict.outcome, exitCode };
}

/** What is asked of the chat route. */
const ofChat = [
  "chat",
  "chat_usage",
  "stream",
  "stream_end",
  "error_shape",
  "malformed",
  "oversized",
  "auth",
  "unknown_model",
];

const limit = (retryAfter: string): Omit<StubRule, "when"> => ({
  status: 429,
  json: refusal("slow down"),
  headers: { "retry-after": retryAfter },
});

describe("a target whose rate limit meets the prober", () => {
  it.each(["31536000", "Thu, 01 Jan 2099 00:00:00 GMT"])(
    "and that asks to wait until %s fails nothing and passes nothing of what it refused to answer",
    async (retryAfter) => {
      const path = "/v1/chat/completions";
      await using stub = await startStub([{ when: { path }, ...limit(retryAfter) }, ...cleanRules]);
      const { of, said, outcome, exitCode } = await probed(stub.baseUrl);
      for (const id of ofChat) expect(of[`openai.${id}`], id).toBe("not_tested.not_run");
      expect(of["openai.models"]).toBe("passed.");
      // It was asked once: no sentence tells of a wait.
      expect(said).toContain("The target's rate limit answered (HTTP 429), so openai.chat saw");
      expect(said).not.toMatch(/again|wait/);
      expect([outcome, exitCode]).toEqual(["NOT_PROVEN", 2]);
    },
  );

  it("and keeps its list of models is asked for no model that nobody named", async () => {
    const models = { when: { path: "/v1/models" }, ...limit("3600") };
    const when = { path: "/v1/chat/completions", body: "plain" } as const;
    const guessed = { when, status: 404, json: refusal("no such model") };
    await using stub = await startStub([models, guessed, ...cleanRules]);
    const load = { ratePerSecond: 20, durationSeconds: 1, warmupSeconds: 0 };
    const { of, said, outcome, exitCode } = await probed(stub.baseUrl, { load });
    for (const id of ofChat) expect(of[`openai.${id}`], id).toBe("not_tested.not_run");
    const ofLoad = Object.entries(of).filter(([id]) => id.startsWith("load."));
    expect(new Set(ofLoad.map(([, verdict]) => verdict))).toEqual(new Set(["not_tested.not_run"]));
    for (const so of ["openai.chat asked nothing", "no load was sent"])
      expect(said).toContain(`kept its list of them (HTTP 429), so ${so}.`);
    expect([outcome, exitCode]).toEqual(["NOT_PROVEN", 2]);
  });

  it("is asked again when it says, and the answer then is what counts", async () => {
    await using stub = await startStub(cleanRules);
    let asked = 0;
    // One request of eight meets the limit; what is let through gets the clean stub's answer.
    const front = createServer((from, to) => {
      if (asked++ % 8 === 3) {
        to.writeHead(429, { "retry-after": "1", "content-type": "application/json" });
        to.end(JSON.stringify(refusal("slow down")));
        return;
      }
      const { port, hostname } = new URL(stub.baseUrl);
      const { method, url: path, headers } = from;
      const through = request({ port, hostname, method, path, headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      });
      // As any front: what the target closes early is closed for the client too.
      through.on("error", () => to.destroy());
      from.pipe(through);
    });
    const port = await listenOnLoopback(front);
    try {
      const { of } = await probed(`http://127.0.0.1:${port}/v1`);
      const probes = Object.entries(of).filter(([id]) => !id.startsWith("load."));
      expect(probes.filter(([, verdict]) => verdict !== "passed.")).toEqual([]);
      expect(asked).toBeGreaterThan(16);
    } finally {
      front.closeAllConnections();
      front.close();
    }
  });
});

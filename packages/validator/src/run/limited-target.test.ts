import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { refusal } from "../probes/samples.ts";
import type { StubRule } from "../probes/probe.ts";
import { cleanRules, stubBodyBytesMax, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { runValidation } from "./run-validation.ts";

let runsDir = "";
beforeEach(() => void (runsDir = mkdtempSync(join(tmpdir(), "loadline-limited-"))));
afterEach(() => rmSync(runsDir, { recursive: true, force: true }));

/** Outcome, exit code and the verdict of each claim of the probes. */
async function probed(baseUrl: string) {
  const plan = quickPlan({
    baseUrl,
    apiKeyEnv: "STUB_KEY",
    bodyBytesMax: stubBodyBytesMax,
    unknownModel: "refused",
    model: "stub-model",
    embeddingsModel: "stub-model",
    skip: ["load"],
  });
  const { verdict, exitCode } = await runValidation(plan, {
    clock: systemClock(),
    random: seededRandom(3),
    runsDir,
    toolVersion: "0.1.0",
    apiKey: stubKey,
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  const rows = verdict.claims.map((one) => [one.id, `${one.verdict}.${one.reason ?? ""}`]);
  const of: Readonly<Record<string, string>> = Object.fromEntries(rows);
  return { of, outcome: verdict.outcome, exitCode };
}

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
      const { of, outcome, exitCode } = await probed(stub.baseUrl);
      for (const id of ["chat", "chat_usage", "stream", "stream_end", "error_shape", "malformed"]) {
        expect(of[`openai.${id}`], id).toBe("not_tested.not_run");
      }
      expect(of["openai.models"]).toBe("passed.");
      expect([outcome, exitCode]).toEqual(["NOT_PROVEN", 2]);
    },
  );

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
      from.pipe(through);
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    const address = front.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
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

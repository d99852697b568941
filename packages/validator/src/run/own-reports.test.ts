import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lintReport } from "@loadline/contract/lint";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterAll, beforeAll, expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { textReporters } from "../reporters/table.ts";
import { cleanRules, stubBodyBytesMax, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { runValidation } from "./run-validation.ts";

const runsDir = mkdtempSync(join(tmpdir(), "loadline-own-"));
let runDir = "";

beforeAll(async () => {
  await using stub = await startStub(cleanRules);
  const plan = quickPlan({
    baseUrl: stub.baseUrl,
    name: "stub",
    apiKeyEnv: "STUB_KEY",
    bodyBytesMax: stubBodyBytesMax,
    unknownModel: "refused",
    embeddingsModel: "stub-model",
    healthPath: "/healthz",
    skip: ["load"],
  });
  const result = await runValidation(plan, {
    clock: systemClock(),
    random: seededRandom(5),
    runsDir,
    toolVersion: "0.1.0",
    apiKey: stubKey,
    reporters: textReporters,
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  ({ runDir } = result);
});

afterAll(() => rmSync(runsDir, { recursive: true, force: true }));

it.each(["report.md", "verdict.json"])(
  "%s of our own run lints clean, with figures checked",
  (name) => {
    const result = lintReport(name, readFileSync(join(runDir, name)));
    expect(result.findings).toEqual([]);
    expect(result.exit).toBe(0);
    expect(result.coverage.figuresChecked + result.coverage.comparisons).toBeGreaterThan(0);
  },
);

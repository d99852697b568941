import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startStallServer } from "../../../testkit/src/stall-server/index.ts";
import { wholeRoom } from "../evidence/room.ts";
import { quickPlan } from "../plan/build-plan.ts";
import { cleanRules, stubBodyBytesMax, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import {
  loadDeps,
  loadJob,
  removeRuns,
  runJob,
  verdictsOf,
  verifyExit,
} from "./load-job.fixture.ts";
import { resumeValidation, runValidation } from "./run-validation.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

afterEach(removeRuns);

/** The quick profile against a target that keeps every promise. */
function validate(
  baseUrl: string,
  room: typeof wholeRoom,
  over: Partial<ValidationDeps> = {},
): Promise<ValidationResult> {
  const plan = quickPlan({
    baseUrl,
    apiKeyEnv: "KEY",
    bodyBytesMax: stubBodyBytesMax,
    unknownModel: "refused",
    embeddingsModel: "stub-model",
    healthPath: "/healthz",
    load: { ratePerSecond: 40, durationSeconds: 1, warmupSeconds: 0, success: 0.9 },
  });
  return runValidation(plan, depsOf(room, over));
}

const depsOf = (room: typeof wholeRoom, over: Partial<ValidationDeps>): ValidationDeps =>
  loadDeps({ apiKey: stubKey, room, ...over });

const lastRecord = ({ runDir }: ValidationResult): string =>
  readFileSync(join(runDir, "evidence.jsonl"), "utf8").trimEnd().split("\n").at(-1) ?? "";

/** Verdicts of the probes, and of the load behind them. */
function wordsOf(result: ValidationResult): { probe: string[]; load: string[] } {
  const rows = Object.entries(verdictsOf(result));
  const of = (isLoad: boolean): string[] =>
    rows.filter(([id]) => id.startsWith("load.") === isLoad).map(([, word]) => word);
  return { probe: of(false), load: of(true) };
}

const passed = (words: readonly string[]): number =>
  words.filter((word) => word === "passed").length;
const left = "not_tested.over_budget";

describe("a run whose bundle is full", () => {
  it("keeps what was decided, the rest is not tested over budget, and it closes and verifies", async () => {
    await using stub = await startStub(cleanRules);
    const counts: number[] = [];
    // A probe is two records or more: of the first three one ends amid a probe.
    for (const records of [16, 17, 18, 30]) {
      const result = await validate(stub.baseUrl, { ...wholeRoom, records });
      const words = wordsOf(result);
      expect(new Set(words.probe)).toEqual(new Set(["passed", left]));
      expect(new Set(words.load)).toEqual(new Set([left]));
      expect(result.exitCode).toBe(2);
      expect(lastRecord(result)).toContain('"reason":"done"');
      expect(await verifyExit(result)).toBe(0);
      counts.push(passed(words.probe));
    }
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBeGreaterThan(counts[0] ?? 0);
  }, 60_000);

  it("names the limit beside all that it left, and what of it was not begun", async () => {
    await using stub = await startStub(cleanRules);
    const { verdict } = await validate(stub.baseUrl, { ...wholeRoom, records: 16 });
    const open = verdict.claims.filter(({ reason }) => reason === "over_budget");
    for (const { sentence } of open) expect(sentence).toContain("(LL_EVIDENCE_LIMIT)");
    const load = open.filter(({ id }) => id.startsWith("load."));
    const before = "The bundle was full (LL_EVIDENCE_LIMIT) before load.";
    expect(new Set(load.map(({ sentence }) => sentence))).toEqual(new Set([before]));
  });

  it("interrupted and gone on with it ends again, closes and verifies: it never breaks [R2-50]", async () => {
    await using stub = await startStub(cleanRules);
    const stop = new AbortController();
    const room = { ...wholeRoom, records: 16 };
    const first = await validate(stub.baseUrl, room, {
      signal: stop.signal,
      onProgress: ({ stage, state }) =>
        void (stage === "probe" && state === "done" && stop.abort()),
    });
    expect([first.exitCode, wordsOf(first).probe.includes(left)]).toEqual([130, true]);
    const again = await resumeValidation(first.runDir, depsOf(room, {}));
    expect([again.exitCode, await verifyExit(again)]).toEqual([2, 0]);
    expect(new Set(wordsOf(again).load)).toEqual(new Set([left]));
    const log = readFileSync(join(again.runDir, "evidence.jsonl"), "utf8");
    expect(log).toContain('"resumed":{');
  });

  it("by bytes it ends the same way", async () => {
    await using stub = await startStub(cleanRules);
    const result = await validate(stub.baseUrl, { ...wholeRoom, bundleBytes: 16_000 });
    expect(new Set(wordsOf(result).probe)).toEqual(new Set(["passed", left]));
    expect(await verifyExit(result)).toBe(0);
  });
});

describe("a load run whose bundle is full", () => {
  it("leaves every claim not tested over budget; with room it leaves none so", async () => {
    await using server = await startStallServer({ delayMs: 1, stallMs: 0, everyMs: 1000 });
    const job = loadJob(server.url, { errors: ["rate<50%"] });
    const decided = Object.values(verdictsOf(await runJob(job)));
    expect(decided).not.toContain(left);
    const result = await runJob(job, { room: { ...wholeRoom, records: 4 } });
    expect(Object.values(verdictsOf(result))).toEqual(decided.map(() => left));
    expect([result.exitCode, await verifyExit(result)]).toEqual([2, 0]);
  });
});

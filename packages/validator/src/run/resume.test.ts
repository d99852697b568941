import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { quickPlan } from "../plan/build-plan.ts";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { cleanRules, stubBodyBytesMax, stubKey } from "../selftest/clean-stub.ts";
import { startStub } from "../selftest/stub-server.ts";
import { readInterrupted } from "./resume.ts";
import { resumeValidation, runValidation } from "./run-validation.ts";
import type { ValidationDeps, ValidationResult } from "./types.ts";

const load = { ratePerSecond: 40, durationSeconds: 2, warmupSeconds: 0, success: 0.9 };

function depsIn(runsDir: string, more: Partial<ValidationDeps> = {}): ValidationDeps {
  return {
    clock: systemClock(),
    random: systemRandom(),
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

const planOf = (baseUrl: string, skip: ("probe" | "load")[] = []) =>
  quickPlan({ baseUrl, apiKeyEnv: "KEY", bodyBytesMax: stubBodyBytesMax, load, skip });

/** A run stopped at the first progress of a stage that says `text`. */
async function interrupted(
  runsDir: string,
  url: string,
  at: (stage: string, done: number) => boolean,
): Promise<ValidationResult> {
  const stop = new AbortController();
  const onProgress: ValidationDeps["onProgress"] = ({ stage, done, state }) => {
    if (state === "running" && at(stage, done)) stop.abort();
  };
  return runValidation(planOf(url), depsIn(runsDir, { signal: stop.signal, onProgress }));
}

const linesOf = (dir: string): string[] =>
  readFileSync(join(dir, "evidence.jsonl"), "utf8").trimEnd().split("\n");
const having = (lines: readonly string[], ...words: string[]): string[] =>
  lines.filter((line) => words.every((word) => line.includes(word)));

describe("a run that was interrupted", () => {
  it("[R2-50] goes on: finished stages are not repeated and the chain of records continues", async () => {
    await using stub = await startStub(cleanRules);
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-resume-"));
    const first = await interrupted(runsDir, stub.baseUrl, (stage) => stage === "load");
    expect(first.exitCode).toBe(130);
    const old = linesOf(first.runDir);
    const second = await resumeValidation(first.runDir, depsIn(runsDir));
    const lines = linesOf(second.runDir);
    expect(second.run).toBe(first.run);
    expect(lines.slice(0, old.length - 1)).toEqual(old.slice(0, -1));
    expect(having(lines, '"stage.started"', '"stage":"probe"')).toHaveLength(1);
    expect(having(lines, '"stage.started"', '"stage":"load"')).toHaveLength(1);
    expect(having(lines, '"resumed"', basename(first.runDir))).toHaveLength(1);
    const probes = second.verdict.claims.filter(({ id }) => id.startsWith("openai."));
    expect(probes.filter(({ verdict }) => verdict === "passed").length).toBeGreaterThan(8);
    expect(second.verdict.claims.filter(({ verdict }) => verdict === "error")).toEqual([]);
    // A load that was stopped is not healed by another try.
    const loads = second.verdict.claims.filter(({ id }) => id.startsWith("load."));
    expect(new Set(loads.map(({ verdict, reason }) => `${verdict} ${reason}`))).toEqual(
      new Set(["not_tested cancelled"]),
    );
    expect(second.verdict.outcome).toBe("NOT_PROVEN");
    const checked = await verifyBundle(await readBundle(second.runDir), { digest: sha256 });
    expect(checked.steps.filter(({ ok, step }) => ok === false && step !== "signature")).toEqual(
      [],
    );
    rmSync(runsDir, { recursive: true });
  }, 60_000);

  it("of several targets asks again only what was open, each with its own key", async () => {
    await using eu = await startStub(cleanRules);
    await using us = await startStub(cleanRules);
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-resume-"));
    const keyed = { auth: "bearer", apiKeyEnv: "KEY" } as const;
    const file = {
      targets: { eu: { url: eu.baseUrl, ...keyed }, us: { url: us.baseUrl, ...keyed } },
      skip: ["load"],
    };
    const made = parsePlanFile(JSON.stringify(file));
    if (!made.ok) throw new Error(JSON.stringify(made.problems));
    const keys = {
      apiKeys: new Map([
        ["eu", stubKey],
        ["us", stubKey],
      ]),
    };
    const stop = new AbortController();
    const first = await runValidation(
      made.plan,
      depsIn(runsDir, {
        ...keys,
        signal: stop.signal,
        // Those of the first target are over.
        onProgress: ({ stage, state, done, total }) => {
          if (stage === "probe" && state === "running" && done * 2 >= total) stop.abort();
        },
      }),
    );
    const old = linesOf(first.runDir);
    const second = await resumeValidation(first.runDir, depsIn(runsDir, keys));
    const lines = linesOf(second.runDir);
    const seen = (all: readonly string[], of: string) =>
      having(all, '"kind":"observation"', `"claims":["${of}.`).length;
    expect([seen(old, "eu") > 8, seen(old, "us")]).toEqual([true, 0]);
    expect(seen(lines, "eu")).toBe(seen(old, "eu"));
    expect(seen(lines, "us")).toBe(seen(lines, "eu"));
    const required = second.verdict.claims.filter(
      ({ id, required: isRequired }) => isRequired && !id.includes(".load."),
    );
    expect(required.length).toBeGreaterThan(16);
    expect(required.filter(({ verdict }) => verdict !== "passed")).toEqual([]);
    const checked = await verifyBundle(await readBundle(second.runDir), { digest: sha256 });
    expect(checked.steps.filter(({ ok }) => ok === false)).toEqual([]);
    rmSync(runsDir, { recursive: true });
  }, 60_000);

  it("leaves a half-written artifact behind: what was never recorded is none of the run", async () => {
    await using stub = await startStub(cleanRules);
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-resume-"));
    const first = await interrupted(runsDir, stub.baseUrl, (_, done) => done > 0);
    const whole = "b".repeat(64);
    for (const name of [whole, `.${"a".repeat(64)}.partial`, ".DS_Store"]) {
      writeFileSync(join(first.runDir, "artifacts", name), "half");
    }
    const { resumed } = await readInterrupted(first.runDir, depsIn(runsDir));
    const names = [...resumed.artifacts.keys()];
    expect(names).toContain(whole);
    expect(names.filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([]);
    rmSync(runsDir, { recursive: true });
  }, 60_000);

  it("keeps what was seen: a failure before the interruption is a failure after it", async () => {
    await using sick = await startStub([
      { when: { path: "/v1/models" }, status: 500, text: "no" },
      ...cleanRules,
    ]);
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-resume-"));
    const first = await interrupted(
      runsDir,
      sick.baseUrl,
      (stage, done) => stage === "probe" && done === 8,
    );
    expect(first.verdict.claims.find(({ id }) => id === "openai.models")?.verdict).toBe("failed");
    const second = await resumeValidation(first.runDir, depsIn(runsDir));
    const models = second.verdict.claims.find(({ id }) => id === "openai.models");
    expect(models?.verdict).toBe("failed");
    const asked = having(linesOf(second.runDir), '"observation"', '"stream":"probe.openai.chat"');
    expect(asked).toHaveLength(1);
    expect(second.verdict.claims.find(({ id }) => id === "openai.auth")?.verdict).toBe("passed");
    expect(having(linesOf(second.runDir), '"stage.started"', '"stage":"load"')).toHaveLength(1);
    // A generator that had no room says so; what counts here is that the load was sent.
    const sent = second.verdict.claims.find(({ id }) => id === "load.chat.success");
    expect(sent?.verdict).toMatch(/^(passed|inconclusive)$/);
    expect(sent?.n).toBeGreaterThan(0);
    rmSync(runsDir, { recursive: true });
  }, 60_000);

  it("is refused by name when it is over, changed, old, of another build, or not there", async () => {
    await using stub = await startStub(cleanRules);
    const runsDir = mkdtempSync(join(tmpdir(), "loadline-resume-"));
    const over = await runValidation(planOf(stub.baseUrl, ["load"]), depsIn(runsDir));
    const refused = async (dir: string, more: Partial<ValidationDeps> = {}): Promise<string> => {
      const error: unknown = await resumeValidation(dir, depsIn(runsDir, more)).catch(
        (e: unknown) => e,
      );
      return String(error);
    };
    expect(await refused(over.runDir)).toMatch(/the run is over/);
    expect(await refused(runsDir)).toMatch(/it has no plan/);
    const first = await interrupted(runsDir, stub.baseUrl, (stage) => stage === "load");
    expect(await refused(first.runDir, { toolVersion: "9" })).toMatch(/Loadline 0 began it/);
    const other = await refused(first.runDir, { buildDigest: "c".repeat(40) });
    expect(other).toMatch(/Loadline 0 began it, this is 0 of c{12}/);
    const clock = systemClock();
    const late = {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs() + 30 * 3_600_000,
      sleep: clock.sleep.bind(clock),
      after: clock.after.bind(clock),
    };
    expect(await refused(first.runDir, { clock: late })).toMatch(/30 h ago/);
    const log = join(first.runDir, "evidence.jsonl");
    writeFileSync(log, readFileSync(log, "utf8").replace('"ok":true', '"ok":null'));
    expect(await refused(first.runDir)).toMatch(/record \d+ was changed/);
    rmSync(runsDir, { recursive: true });
  }, 60_000);
});

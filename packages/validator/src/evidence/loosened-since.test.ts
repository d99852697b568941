import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planFileText, type RunPlan } from "@loadline/contract";
import { TestClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quickPlan } from "../plan/build-plan.ts";
import { recordRun } from "../run/record-run.ts";
import type { ValidationDeps, ValidationResult } from "../run/types.ts";
import { loosenedMax, loosenedSince, newestLike, sentenceMax } from "./loosened-since.ts";

const place = { root: "" };
beforeEach(() => {
  place.root = mkdtempSync(join(tmpdir(), "loadline-loosened-"));
});
afterEach(() => rmSync(place.root, { recursive: true, force: true }));

const baseUrl = "http://127.0.0.1:9/v1";
const strict = quickPlan({ baseUrl });
const lax = quickPlan({ baseUrl, load: { p99Ms: 5_000, success: 0.9 } });

function lay(run: string, plan: RunPlan | string): void {
  mkdirSync(join(place.root, run));
  const text = typeof plan === "string" ? plan : planFileText(plan);
  writeFileSync(join(place.root, run, "plan.json"), text);
}

/** The name of the run that lies in a folder: without the number of its resumption. */
function row(folder: string) {
  const run = folder.replace(/-r\d{3}$/, "");
  return { run, folder, outcome: "READY", at: "", planDigest: "" } as const;
}
const since = (plan: RunPlan, ...folders: readonly string[]): readonly string[] => {
  const like = newestLike(place.root, folders.map(row), plan);
  return like === null ? [] : loosenedSince(like, plan);
};

function runIt(plan: RunPlan, seed: number): Promise<ValidationResult> {
  const deps: ValidationDeps = {
    clock: new TestClock(),
    random: seededRandom(seed),
    runsDir: place.root,
    toolVersion: "0",
    reporters: [],
    onProgress: () => undefined,
    signal: new AbortController().signal,
  };
  return recordRun(plan, deps, () => Promise.resolve());
}

describe("what a plan asks less of than the run before", () => {
  it("is said claim by claim, with what it was and what it is", () => {
    lay("r1", strict);
    expect(since(lax, "r1")).toEqual([
      "That load.chat.success holds as the run r1 asked it: its target was 99 %, is 90 %.",
      "That load.chat.p99 holds as the run r1 asked it: its limit was 2 s, is 5 s.",
      "That load.stream.success holds as the run r1 asked it: its target was 99 %, is 90 %.",
      "That load.stream.p99 holds as the run r1 asked it: its limit was 2 s, is 5 s.",
    ]);
    expect(since(strict, "r1")).toEqual([]);
  });

  it("a stricter plan says nothing, and so does the first run", () => {
    lay("r1", lax);
    expect(since(strict, "r1")).toEqual([]);
    expect(since(strict)).toEqual([]);
  });

  it("is told against the newest run of the same profile, resumed or not, past damaged ones", () => {
    lay("r1", strict);
    const required = { ...strict, claims: strict.claims.filter((claim) => claim.required) };
    lay("r2-r001", { ...required, claims: required.claims.slice(1) });
    lay("r3", "{");
    lay("r4", { ...strict, profile: "full" });
    const fewer = { ...required, claims: required.claims.slice(2) };
    const [, second] = required.claims;
    expect(since(fewer, "r4", "r3", "r2-r001", "r1")).toEqual([
      `That ${second?.id} holds as the run r2 asked it: it was required, is removed.`,
    ]);
  });

  it("more than the bound are counted", () => {
    const [one] = strict.claims;
    if (one === undefined) throw new TypeError("no claim");
    const ids = Array.from({ length: loosenedMax + 5 }, (_, at) => `c${at}`);
    lay("r1", { ...strict, claims: ids.map((id) => ({ ...one, id })) });
    const said = since({ ...strict, claims: [] }, "r1");
    expect(said).toHaveLength(loosenedMax + 1);
    expect(said.at(-1)).toBe("That 5 more claims hold as the run r1 asked them.");
  });

  it("stands in the verdict of the run that asks less, under what is not proven", async () => {
    const first = await runIt(strict, 1);
    const second = await runIt(lax, 2);
    const limit = `That load.chat.p99 holds as the run ${first.run} asked it`;
    expect(first.verdict.limits.join()).not.toContain("asked it");
    expect(second.verdict.limits.join()).toContain(limit);
  });

  it("a run in a folder of another name is compared with all the same", async () => {
    const { run, runDir } = await runIt(strict, 1);
    renameSync(runDir, join(place.root, "before the upgrade"));
    const { verdict } = await runIt(lax, 2);
    expect(verdict.limits.join()).toContain(`That load.chat.p99 holds as the run ${run} asked it`);
  });

  it("parts of long names do not keep a run from starting: each sentence has a bound", async () => {
    const [one] = strict.claims;
    if (one === undefined) throw new TypeError("no claim");
    const parts = Array.from({ length: 9 }, (_, at) => `${"\u{1f9ea}".repeat(4_000)}${at}`);
    await runIt({ ...strict, claims: [{ ...one, parts: [...one.parts, ...parts] }] }, 1);
    const { verdict } = await runIt({ ...strict, claims: [one] }, 2);
    const said = verdict.limits.filter((text) => text.includes("asked it"));
    expect(said.map((text) => [...text].length)).toEqual([sentenceMax]);
    expect(said[0]).toMatch(/^That .* its parts was .*\u{1f9ea}…$/u);
  });

  it("imports are compared with none: results of other files share the target's name", () => {
    lay("r1", { ...strict, profile: "import" });
    expect(since({ ...lax, profile: "import" }, "r1")).toEqual([]);
  });
});

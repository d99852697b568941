import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import type { TestContext } from "vitest";
import { readBundle } from "../evidence/read-bundle.ts";
import { sha256 } from "../evidence/sha256.ts";
import { bindJob, type LoadJob, type ThresholdSpec } from "../load/index.ts";
import { textReporters } from "../reporters/table.ts";
import { type LoadRunDeps, runLoadJob } from "./run-load-job.ts";
import type { ValidationResult } from "./types.ts";

const roots: string[] = [];

/** A folder that goes with those of the runs. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "loadline-load-"));
  roots.push(folder);
  return folder;
}

/** Removes the folders of all runs so far. */
export function removeRuns(): void {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
}

/** What a run needs, in a folder of its own, with its engine in this thread. */
export function loadDeps(o: Partial<LoadRunDeps> = {}): LoadRunDeps {
  return {
    clock: systemClock(),
    random: seededRandom(5),
    runsDir: scratchFolder(),
    toolVersion: "0.1.0",
    reporters: textReporters,
    onProgress: () => undefined,
    onWarning: () => undefined,
    signal: new AbortController().signal,
    loadEngine: "inline",
    ...o,
  };
}

const request = { kind: "http", method: "GET", path: "/" } as const;

/** 100 requests in a second, with these thresholds. */
export function loadJob(
  baseUrl: string,
  thresholds: Record<string, readonly (string | ThresholdSpec)[]> = {},
  rest: Partial<LoadJob> = {},
): LoadJob {
  const specs = Object.entries(thresholds).map(([key, list]) => [
    key,
    list.map((one) => (typeof one === "string" ? { threshold: one } : one)),
  ]);
  return {
    profile: "test",
    name: baseUrl,
    load: {
      target: { baseUrl },
      seed: 7,
      scenarios: {
        get: { executor: "constant-arrival-rate", rate: 100, durationMs: 1_000, request },
      },
      limits: [],
    },
    thresholds: Object.fromEntries(specs),
    confidence: 0.95,
    waive: [],
    explore: false,
    ...rest,
  };
}

/** What `verify` of the run's bundle exits with. */
export async function verifyExit({ runDir }: ValidationResult): Promise<number> {
  const renderers = Object.fromEntries(textReporters.map((r) => [r.file, r.render]));
  const checked = await verifyBundle(await readBundle(runDir), { digest: sha256, renderers });
  return checked.exit;
}

/** Verdict and reason by claim. */
export const verdictsOf = ({ verdict }: ValidationResult): Record<string, string> =>
  Object.fromEntries(
    verdict.claims.map((c) => [
      c.id,
      c.reason === undefined ? c.verdict : `${c.verdict}.${c.reason}`,
    ]),
  );

const runsMax = 4;
/** Guards of how much time this machine left to the generator. */
const ofTheMachine = new Set(["pacer", "cpu", "loop", "pressure"].map((id) => `guard.load.${id}`));

/** What of a run's result tells whether the machine may have made it. */
interface Judged {
  readonly verdict: {
    readonly claims: readonly { readonly verdict: string }[];
    readonly guards: readonly { readonly guard: string; readonly holds: boolean }[];
  };
}

/** Guards of the machine that a run broke; none where they took no verdict back. */
function excusesOf({ verdict }: Judged): string[] {
  if (verdict.claims.every((one) => one.verdict !== "inconclusive")) return [];
  const broken = verdict.guards.filter(({ guard, holds }) => !holds && ofTheMachine.has(guard));
  return [...new Set(broken.map(({ guard }) => guard))];
}

/**
 * The first of four runs that says what it is to say. On a machine so busy that none does, and whose
 * guards say so of each of them, the test is not tested; else a run without such a guard is the one
 * to judge.
 */
export async function quietRun<T extends Judged = ValidationResult>(
  context: Pick<TestContext, "skip">,
  run: () => Promise<T>,
  isSaid: (result: T) => boolean,
): Promise<T> {
  const results: T[] = [];
  while (results.length < runsMax) {
    const result = await run();
    if (isSaid(result)) return result;
    results.push(result);
  }
  const unexcused = results.find((one) => excusesOf(one).length === 0);
  if (unexcused !== undefined) return unexcused;
  const names = [...new Set(results.flatMap(excusesOf))].join(", ");
  return context.skip(`NOT TESTED: the verdict of a load (this machine broke ${names})`);
}

/** Runs a job. */
export const runJob = (one: LoadJob, o: Partial<LoadRunDeps> = {}): Promise<ValidationResult> =>
  runLoadJob(bindJob(one), loadDeps(o));

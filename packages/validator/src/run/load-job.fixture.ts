import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyBundle } from "@loadline/contract";
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
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

/** Runs a job. */
export const runJob = (one: LoadJob, o: Partial<LoadRunDeps> = {}): Promise<ValidationResult> =>
  runLoadJob(bindJob(one), loadDeps(o));

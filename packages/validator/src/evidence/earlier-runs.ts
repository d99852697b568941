import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReportModel } from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";
import { isRecord } from "../probes/shapes.ts";

/** Earlier runs listed at most, newest first. */
export const earlierRunsMax = 20;

/** A run as it is listed, and the folder it lies in: not always one of its own name. */
export type EarlierRun = ReportModel["earlier"][number] & { readonly folder: string };

const outcomes = ["READY", "NOT_READY", "NOT_PROVEN"] as const;

/** The text of a file of an earlier run; "" when it is not there. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No verdict, or none that may be read: like a damaged one it is left out, the run goes on.
    return "";
  }
}

function readOne(runsDir: string, folder: string, target: string): EarlierRun | null {
  const verdict = parseJson(textOf(join(runsDir, folder, "verdict.json")));
  if (!isRecord(verdict) || verdict["target"] !== target) return null;
  const { run, endedAt, planDigest } = verdict as Readonly<Record<string, unknown>>;
  const outcome = outcomes.find((name) => name === verdict["outcome"]);
  if (typeof run !== "string" || typeof endedAt !== "string") return null;
  if (typeof planDigest !== "string" || outcome === undefined) return null;
  return { run, outcome, at: endedAt, planDigest, folder };
}

/** Runs against the same target that the state directory knows; damaged ones are left out. */
export function earlierRuns(
  runsDir: string,
  o: { except: string; target: string },
): readonly EarlierRun[] {
  const names = readdirSync(runsDir).filter((name) => name !== o.except);
  return names
    .sort()
    .reverse()
    .slice(0, earlierRunsMax * 5)
    .map((name) => readOne(runsDir, name, o.target))
    .filter((row) => row !== null)
    .sort((a, b) => Number(a.at < b.at) - Number(b.at < a.at))
    .slice(0, earlierRunsMax);
}

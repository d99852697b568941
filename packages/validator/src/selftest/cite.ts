import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readVerdict } from "@loadline/contract";
import { parseJson } from "@loadline/kit/json";

/** Bundles looked at, newest first. */
const looksMax = 20;

/** The newest whole selftest a run can point to. */
export interface SelftestCitation {
  readonly run: string;
  /** Digest of its evidence: the head of its chain. */
  readonly chainHead: string;
  readonly outcome: string;
  /** Checks shown to fail, of those that were to be. */
  readonly caught: number;
  readonly declared: number;
}

/** What the newest selftest over every check came to; null when the folder knows none. */
export function citeSelftest(folder: string): SelftestCitation | null {
  if (!existsSync(folder)) return null;
  const names = readdirSync(folder).sort().reverse().slice(0, looksMax);
  for (const name of names) {
    const path = join(folder, name, "verdict.json");
    const verdict = existsSync(path) ? readVerdict(parseJson(readFileSync(path, "utf8"))) : null;
    if (verdict === null || verdict.profile !== "selftest") continue;
    const { run, chainHead, outcome, claims } = verdict;
    const required = claims.filter((claim) => claim.required);
    const caught = required.filter((claim) => claim.verdict === "passed").length;
    return { run, chainHead, outcome, caught, declared: required.length };
  }
  return null;
}

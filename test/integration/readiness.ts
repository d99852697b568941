import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readVerdict, type VerdictDocument } from "@loadline/contract";
import { expect, type TestContext } from "vitest";
import { runDirOf } from "./cli-process.ts";

/** Why a run on a busy machine may leave a claim of load open, and no other reason. */
export const reasonsOfHaste: readonly string[] = ["interval", "dependent", "generator", "noise"];

/** The verdict of the only run below `cwd`. */
export function soleVerdict(cwd: string): VerdictDocument {
  const file = join(runDirOf(cwd), "verdict.json");
  const verdict = readVerdict(JSON.parse(readFileSync(file, "utf8")) as unknown);
  if (verdict === null) throw new Error(`${file} is no verdict`);
  return verdict;
}

/**
 * Fails unless all that is required passed, but for claims of load that this machine was too busy
 * to decide. Says whether there were none of those.
 */
export function expectReadyOrBusy(verdict: VerdictDocument): boolean {
  const open = verdict.claims.filter((claim) => claim.required && claim.verdict !== "passed");
  const odd = open.filter(
    ({ id, verdict: word, reason }) =>
      !id.startsWith("load.") ||
      word !== "inconclusive" ||
      !reasonsOfHaste.includes(reason ?? "none"),
  );
  expect(odd.map(({ id, reason, sentence }) => ({ id, reason, sentence }))).toEqual([]);
  expect(verdict.outcome).toBe(open.length === 0 ? "READY" : "NOT_PROVEN");
  return open.length === 0;
}

/** Counts the test as skipped, with the guards that spoke, where a busy machine kept it from READY. */
export function skipUnlessReady(context: TestContext, verdict: VerdictDocument): void {
  if (expectReadyOrBusy(verdict)) return;
  const seen = new Set(verdict.guards.filter(({ holds }) => !holds).map((guard) => guard.seen));
  const note = `NOT TESTED: READY (this machine was too busy: ${[...seen].join(" ")})`;
  process.stdout.write(`${note}\n`);
  context.skip(note);
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ClaimVerdict, readVerdict, type VerdictDocument } from "@loadline/contract";
import { expect, type TestContext } from "vitest";
import { runDirOf } from "./cli-process.ts";
import { notTested, skipNotTested } from "./machine.ts";

/** Reasons that guards of the generator and its machine give. */
const ofTheMachine: readonly string[] = ["generator", "noise"];
/** Why a run on a busy machine may leave a claim of load open, and no other reason. */
const ofHaste: readonly string[] = ["interval", "dependent", ...ofTheMachine];

/** The verdict of the only run below `cwd`. */
export function soleVerdict(cwd: string): VerdictDocument {
  const file = join(runDirOf(cwd), "verdict.json");
  const verdict = readVerdict(JSON.parse(readFileSync(file, "utf8")) as unknown);
  if (verdict === null) throw new Error(`${file} is no verdict`);
  return verdict;
}

/** What broken guards saw of this machine, each sentence once; nothing where it kept up. */
function complaints({ guards }: VerdictDocument): string[] {
  const broken = guards.filter(({ holds, reason }) => !holds && ofTheMachine.includes(reason));
  return [...new Set(broken.map(({ seen }) => seen))];
}

/** A guard says that this machine was too busy, and the claim was left open for it. */
const isHasty = (verdict: VerdictDocument, claim: ClaimVerdict): boolean =>
  complaints(verdict).length > 0 &&
  claim.verdict === "inconclusive" &&
  ofHaste.includes(claim.reason ?? "none");

interface Open {
  /** Claims of load that this machine was too busy to decide; none unless a guard says that it was. */
  readonly hasty: readonly ClaimVerdict[];
  /** All others: the product's or the test's own matter. */
  readonly others: readonly ClaimVerdict[];
}

/** The required claims that are not passed. */
export function openClaims(verdict: VerdictDocument): Open {
  const open = verdict.claims.filter((claim) => claim.required && claim.verdict !== "passed");
  const isOfLoad = (claim: ClaimVerdict): boolean =>
    claim.id.startsWith("load.") && isHasty(verdict, claim);
  return { hasty: open.filter(isOfLoad), others: open.filter((claim) => !isOfLoad(claim)) };
}

/** Counts the test as skipped, in the words of the guards, where claims of load were left open. */
export function skipIfHasty(context: Pick<TestContext, "skip">, verdict: VerdictDocument): void {
  skipOver(context, verdict, openClaims(verdict).hasty);
}

/** Fails unless these claims passed, but for those that a busy machine left open: skipped then. */
export function skipUnlessPassed(
  context: Pick<TestContext, "skip">,
  verdict: VerdictDocument,
  ids: readonly string[],
): void {
  const open = verdict.claims.filter((one) => ids.includes(one.id) && one.verdict !== "passed");
  const others = open.filter((claim) => !isHasty(verdict, claim));
  expect(others.map(({ id, reason, sentence }) => ({ id, reason, sentence }))).toEqual([]);
  expect(verdict.claims.map(({ id }) => id)).toEqual(expect.arrayContaining([...ids]));
  skipOver(context, verdict, open);
}

/** Those of these claims that this machine was not too busy to decide, in their order. */
export const decidable = (verdict: VerdictDocument, ids: readonly string[]): string[] =>
  ids.filter((id) => !verdict.claims.some((one) => one.id === id && isHasty(verdict, one)));

/** Counts the test as skipped where a busy machine left one of these claims open. */
export function skipIfOpen(
  context: Pick<TestContext, "skip">,
  verdict: VerdictDocument,
  ids: readonly string[],
): void {
  const open = verdict.claims.filter((one) => ids.includes(one.id) && isHasty(verdict, one));
  skipOver(context, verdict, open);
}

function skipOver(
  context: Pick<TestContext, "skip">,
  verdict: VerdictDocument,
  open: readonly ClaimVerdict[],
): void {
  if (open.length === 0) return;
  const why = `this machine was too busy: ${complaints(verdict).join(" ")}`;
  skipNotTested(context, [notTested(open.map(({ id }) => id).join(", "), why)]);
}

/**
 * Fails unless the outcome is READY, or a guard says that this machine was too busy to decide the
 * load: the test counts as skipped then.
 */
export function skipUnlessReady(
  context: Pick<TestContext, "skip">,
  verdict: VerdictDocument,
): void {
  const { hasty, others } = openClaims(verdict);
  expect(others.map(({ id, reason, sentence }) => ({ id, reason, sentence }))).toEqual([]);
  expect(verdict.outcome).toBe(hasty.length === 0 ? "READY" : "NOT_PROVEN");
  skipIfHasty(context, verdict);
}

import type { VerdictDocument } from "@loadline/contract";
import { formatDecided } from "@loadline/contract";
import { checkComparable, identityOf } from "@loadline/validator";
import { bundlePath } from "../bundle-path.ts";
import { readSide } from "../read-side.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText, clip } from "../terminal/clean-text.ts";
import type { VerbContext } from "./verb.ts";

/** One claim of two stored runs. */
export interface ComparedClaim {
  readonly claim: string;
  readonly a: string;
  readonly b: string;
  /** Figures of two runs stand beside each other; no difference between them is proven. */
  readonly verdict: "inconclusive(noise)" | "not_tested(not_run)";
}

/**
 * Figures of two stored runs side by side. Their latencies were taken at two times: the difference is
 * shown and decides nothing, so it exits 2. @throws LL_LOAD_NOT_COMPARABLE.
 */
export async function compareRuns(
  { host, json, stateDir }: VerbContext,
  a: string,
  b: string,
): Promise<ExitCode> {
  const first = await readSide(bundlePath(host.cwd, a, stateDir));
  const second = await readSide(bundlePath(host.cwd, b, stateDir));
  checkComparable(identityOf(first.plan, first.records), identityOf(second.plan, second.records));
  const rows = compareClaims(first.verdict, second.verdict);
  const lines = rows.map(
    (row) =>
      `  ${clip(cleanText(row.claim), 36).padEnd(37)}${clip(row.a, 16).padEnd(17)}${clip(row.b, 16).padEnd(17)}${row.verdict}`,
  );
  const head = `  ${"claim".padEnd(37)}${"A".padEnd(17)}${"B".padEnd(17)}difference`;
  const foot = "Two runs differ by the hour they were made in; compare two targets in one run.";
  host.stdout.write(
    json ? `${JSON.stringify(rows, null, 2)}\n` : `${[head, ...lines, foot].join("\n")}\n`,
  );
  return 2;
}

/** Every claim of either run; one the other lacks is not tested. */
export function compareClaims(a: VerdictDocument, b: VerdictDocument): ComparedClaim[] {
  const ids = [...new Set([...a.claims, ...b.claims].map(({ id }) => id))];
  const shown = (of: VerdictDocument, id: string): string | null => {
    const claim = of.claims.find((one) => one.id === id);
    return claim === undefined || claim.observed === null ? null : formatDecided(claim);
  };
  return ids.map((claim) => {
    const [left, right] = [shown(a, claim), shown(b, claim)];
    const verdict = left === null || right === null ? "not_tested(not_run)" : "inconclusive(noise)";
    return { claim, a: left ?? "-", b: right ?? "-", verdict };
  });
}

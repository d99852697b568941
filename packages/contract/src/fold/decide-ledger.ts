/** `zero_loss`: every acknowledged write compared, and a planted loss found by the same comparison. */
import type { Claim } from "../claim.ts";
import { type LedgerComparison, type LossClass, lossClasses } from "../evidence/record.ts";
import { formatNumber } from "../figure.ts";
import { bareDecision, type Decision } from "./decision.ts";
import type { PartEvidence } from "./gather.ts";
import type { Judged } from "./join.ts";

/** Acknowledged writes without which nothing is said of loss. */
export const ackedMin = 1_000;

type Ledger = Omit<LedgerComparison, "stream" | "part">;

/** What one comparison lacks to show that nothing was lost; null when nothing. */
function lacking(one: Ledger, least: number): string | null {
  if (!one.full) return "the comparison did not see every acknowledged write";
  const open = lossClasses.filter((name) => one.classes[name] === undefined);
  if (open.length > 0) return `not counted: ${open.join(", ")}`;
  if (one.acked < least) {
    return `${formatNumber(one.acked)} of at least ${formatNumber(least)} acknowledged writes`;
  }
  if (one.control === "none") return "no loss was planted to try the comparison";
  return one.control === "missed" ? "the comparison did not see a planted loss" : null;
}

function judge(ledgers: readonly Ledger[], o: { least: number; bad: Counted }): Judged {
  const acked = formatNumber(ledgers.reduce((sum, one) => sum + one.acked, 0));
  if (o.bad.sum > 0) {
    const named = [...o.bad.by].map(([name, count]) => `${formatNumber(count)} ${name}`);
    const sentence = `${named.join(", ")} of ${acked} acknowledged writes.`;
    return { verdict: "failed", reason: "loss", sentence };
  }
  const gap = ledgers.map((one) => lacking(one, o.least)).find((text) => text !== null);
  if (gap !== undefined) {
    const sentence = `No loss was seen, which shows nothing: ${gap}.`;
    return { verdict: "inconclusive", reason: "control", sentence };
  }
  const sentence = `None of ${acked} acknowledged writes is ${lossClasses.slice(0, -1).join(", ")} or ${lossClasses.at(-1) ?? ""}; a planted loss was seen.`;
  return { verdict: "passed", sentence };
}

interface Counted {
  readonly sum: number;
  readonly by: ReadonlyMap<LossClass, number>;
}

function countLoss(ledgers: readonly Ledger[]): Counted {
  const by = new Map<LossClass, number>();
  let sum = 0;
  for (const { classes } of ledgers) {
    for (const name of lossClasses) {
      const count = classes[name] ?? 0;
      if (count === 0) continue;
      sum += count;
      by.set(name, (by.get(name) ?? 0) + count);
    }
  }
  return { sum, by };
}

/** Decides one part of a `zero_loss` claim; a loss in any comparison is one, whatever others saw. */
export function decideLedger(claim: Claim, evidence: PartEvidence): Decision {
  const refs = evidence.ledgers.map(({ seq }) => seq);
  const ledgers = evidence.ledgers.map(({ value }) => value);
  const bad = countLoss(ledgers);
  const least = Math.max(claim.min ?? 0, ackedMin);
  const n = ledgers.reduce((sum, one) => sum + one.acked, 0);
  return {
    ...bareDecision(judge(ledgers, { least, bad }), refs),
    n,
    bad: bad.sum,
    badBy: Object.fromEntries(bad.by),
    observed: { value: bad.sum, unit: "records", n, provenance: "measured", refs },
    limit: { value: 0, unit: "records", provenance: "declared", refs: [] },
  };
}

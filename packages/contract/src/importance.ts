import type { ClaimKind } from "./claim.ts";
import type { ClaimVerdict } from "./report-model.ts";

/** What tells a signer most comes first: how good in use, then limits kept, then yes or no. */
const kindOrder: Readonly<Record<ClaimKind, number>> = {
  zero_loss: 0,
  proportion: 0,
  quantile: 0,
  trials: 1,
  time_availability: 1,
  window_slo: 1,
  comparison: 1,
  mean: 1,
  bound: 2,
  coverage: 3,
  predicate: 4,
};

/** Sorts the most important claim first: required before optional, then by kind; stable beside. */
export function compareImportance(
  a: Pick<ClaimVerdict, "required" | "kind">,
  b: Pick<ClaimVerdict, "required" | "kind">,
): number {
  return Number(b.required) - Number(a.required) || kindOrder[a.kind] - kindOrder[b.kind];
}

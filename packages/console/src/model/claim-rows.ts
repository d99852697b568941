import {
  type ClaimVerdict,
  type PartVerdict,
  type ReportModel,
  verdictOrder,
} from "@loadline/contract/browser";
import type { Searchable } from "./filter.ts";

/** The stage of a claim by its id: what comes first in the name of the stream that decides it. */
export function stagesOf({ plan }: Pick<ReportModel, "plan">): (id: string) => string {
  const streams = new Map(plan.claims.map(({ id, of }) => [id, of]));
  return (id) => (streams.get(id) ?? id).split(".")[0] ?? "";
}

/** A claim as the filter sees it. */
export const searchableClaim = (claim: ClaimVerdict, stage: string): Searchable => ({
  text: `${claim.id} ${claim.statement} ${claim.sentence} ${claim.parts.map((p) => p.part).join(" ")}`,
  fields: {
    verdict: [claim.verdict, claim.disposition ?? ""],
    stage: [stage],
    category: [claim.category],
    part: claim.parts.map((part) => part.part),
    required: [claim.required ? "yes" : "no"],
    reason: [claim.reason ?? ""],
    kind: [claim.kind],
  },
});

/** A part of a claim that was not tested. */
export interface UntestedPart {
  readonly claim: ClaimVerdict;
  readonly part: PartVerdict;
}

/** Every part without evidence, in plan order. */
export const untestedParts = (claims: readonly ClaimVerdict[]): readonly UntestedPart[] =>
  claims.flatMap((claim) =>
    claim.parts.filter((part) => part.verdict === "not_tested").map((part) => ({ claim, part })),
  );

/** An untested part as the filter sees it. */
export const searchablePart = ({ claim, part }: UntestedPart, stage: string): Searchable => ({
  text: `${claim.id} ${part.part} ${part.sentence}`,
  fields: {
    ...searchableClaim(claim, stage).fields,
    part: [part.part],
    reason: [part.reason ?? ""],
  },
});

/** Orders of a list of claims: the plan's, the worst verdict first, by id, the fewest samples first. */
export const claimSorts = ["plan", "worst", "id", "samples"] as const;
export type ClaimSort = (typeof claimSorts)[number];

const orders: Readonly<Record<ClaimSort, (a: ClaimVerdict, b: ClaimVerdict) => number>> = {
  plan: () => 0,
  worst: (a, b) =>
    Number(b.required) - Number(a.required) ||
    verdictOrder.indexOf(a.verdict) - verdictOrder.indexOf(b.verdict),
  id: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  samples: (a, b) => a.n - b.n,
};

/** The claims in another order; equal ones stay as the plan has them. */
export const sortedClaims = (
  claims: readonly ClaimVerdict[],
  sort: ClaimSort,
): readonly ClaimVerdict[] => claims.toSorted(orders[sort]);

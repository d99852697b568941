import type { ClaimVerdict, PartVerdict } from "@loadline/contract";
import type { Searchable } from "./filter.ts";

/** A claim as the filter sees it; its stage is the first step of its evidence stream or id. */
export const searchableClaim = (claim: ClaimVerdict): Searchable => ({
  text: `${claim.id} ${claim.statement} ${claim.sentence} ${claim.parts.map((p) => p.part).join(" ")}`,
  fields: {
    verdict: [claim.verdict, claim.disposition ?? ""],
    stage: [claim.id.split(".")[0] ?? ""],
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
export const searchablePart = ({ claim, part }: UntestedPart): Searchable => ({
  text: `${claim.id} ${part.part} ${part.sentence}`,
  fields: {
    ...searchableClaim(claim).fields,
    part: [part.part],
    reason: [part.reason ?? ""],
  },
});

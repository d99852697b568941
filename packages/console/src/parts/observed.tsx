import { type ClaimVerdict, formatObserved } from "@loadline/contract/browser";
import { Fig } from "./figure.tsx";

interface ObservedProps {
  /** A claim, or a part of one with the claim's kind. */
  readonly claim: Pick<ClaimVerdict, "kind" | "observed" | "n" | "bad">;
}

/** What a claim saw: a predicate held or did not, any other kind shows its figure. */
export const Observed = ({ claim }: ObservedProps) => (
  <Fig
    figure={claim.observed}
    label="observed"
    words={claim.kind === "predicate" ? formatObserved(claim) : undefined}
  />
);

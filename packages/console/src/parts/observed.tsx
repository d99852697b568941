import { type ClaimVerdict, formatDecided } from "@loadline/contract/browser";
import { Fig } from "./figure.tsx";

interface ObservedProps {
  /** A claim, or a part of one with the claim's kind. */
  readonly claim: Pick<ClaimVerdict, "kind" | "observed" | "n" | "bad"> &
    Partial<Pick<ClaimVerdict, "verdict" | "parts">>;
}

const isFigure = ({ kind, observed }: ObservedProps["claim"]): boolean =>
  kind !== "predicate" && observed?.value !== null;

/** What a claim saw: a predicate held or did not, any other kind shows its figure, else its counts. */
export const Observed = ({ claim }: ObservedProps) => (
  <Fig
    figure={claim.observed}
    label="observed"
    words={isFigure(claim) ? undefined : formatDecided(claim)}
  />
);

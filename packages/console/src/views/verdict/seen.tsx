import type { ClaimVerdict } from "@loadline/contract";
import { IntervalBar } from "../../parts/interval.tsx";
import { Observed } from "../../parts/observed.tsx";

/** What a claim rests on, in the width of one column: an interval, its counts, or that it held. */
export function Seen({ claim }: { readonly claim: ClaimVerdict }) {
  const { interval, observed, limit, kind, n } = claim;
  if (n === 0 || (interval === null && observed === null)) {
    return <span class="no-evidence">- no evidence -</span>;
  }
  if (kind === "predicate" || observed?.value === null) return <Observed claim={claim} />;
  return <IntervalBar interval={interval} observed={observed} limit={limit} />;
}

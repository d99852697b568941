import type { ClaimVerdict } from "@loadline/contract";
import { countFigure, formatInterval, formatValue } from "../../model/format.ts";
import { Fig } from "../../parts/figure.tsx";
import { IntervalBar } from "../../parts/interval.tsx";
import { Observed } from "../../parts/observed.tsx";

/** The figures that decided a claim; a predicate has none but what it saw and how often. */
export function ClaimFacts({ claim }: { readonly claim: ClaimVerdict }) {
  const isPredicate = claim.kind === "predicate";
  return (
    <div class="facts">
      <dl>
        <div>
          <dt>observed</dt>
          <dd>
            <Observed claim={claim} />
          </dd>
        </div>
        {isPredicate ? null : <Bound claim={claim} />}
        <div>
          <dt>bad of n</dt>
          <dd>
            <Fig figure={countFigure(claim.bad)} /> of <Fig figure={countFigure(claim.n)} />
          </dd>
        </div>
        {isPredicate ? null : (
          <div>
            <dt>confidence</dt>
            <dd class="fig">{formatValue(claim.confidence, "ratio")}</dd>
          </div>
        )}
      </dl>
      {isPredicate ? null : (
        <div class="facts-interval">
          <IntervalBar interval={claim.interval} observed={claim.observed} limit={claim.limit} />
        </div>
      )}
    </div>
  );
}

const Bound = ({ claim }: { readonly claim: ClaimVerdict }) => (
  <>
    <div>
      <dt>bound</dt>
      <dd class="fig">{formatInterval(claim.interval)}</dd>
    </div>
    <div>
      <dt>limit</dt>
      <dd>
        <Fig figure={claim.limit} label="limit" />
      </dd>
    </div>
  </>
);

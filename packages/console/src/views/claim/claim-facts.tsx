import {
  badAllowed,
  type Claim,
  type ClaimVerdict,
  samplesNeeded,
  upperRank,
} from "@loadline/contract/browser";
import { countFigure, formatInterval, formatValue } from "../../model/format.ts";
import { Fig } from "../../parts/figure.tsx";
import { IntervalBar } from "../../parts/interval.tsx";
import { Observed } from "../../parts/observed.tsx";

interface ClaimFactsProps {
  readonly claim: ClaimVerdict;
  /** As the plan has it; absent where the report holds no such claim. */
  readonly planned: Claim | undefined;
}

/** The figures that decided a claim; a predicate has none but what it saw and how often. */
export function ClaimFacts({ claim, planned }: ClaimFactsProps) {
  const isPredicate = claim.kind === "predicate";
  return (
    <div class="facts">
      <dl>
        <div>
          <dt>observed</dt>
          <dd>
            <Observed claim={claim} />
            <Rank of={claim} planned={planned} side="observed" />
          </dd>
        </div>
        {isPredicate ? null : <Bound claim={claim} planned={planned} />}
        <div>
          <dt>bad of n</dt>
          <dd>
            <Fig figure={countFigure(claim.bad)} /> of <Fig figure={countFigure(claim.n)} />
          </dd>
        </div>
        <PassesAt claim={claim} planned={planned} />
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

/** Kinds whose verdict counts bad samples against a share; windows of one have counts of their own. */
const shares = new Set<Claim["kind"]>(["proportion", "quantile", "trials"]);

function shareOf(planned: Claim | undefined): number | null {
  const isPlain = planned?.mode === undefined && planned?.over === undefined;
  return planned?.target !== undefined && isPlain && shares.has(planned.kind)
    ? planned.target
    : null;
}

/** How many bad samples n forgives, and how many samples one more would take; by counts alone. */
function PassesAt({ claim, planned }: ClaimFactsProps) {
  const share = shareOf(planned);
  if (share === null) return null;
  const { n, confidence } = claim;
  const allowed = badAllowed(n, share, confidence);
  const next = (allowed ?? -1) + 1;
  const needed = samplesNeeded(next, share, confidence);
  return (
    <div>
      <dt>passes at</dt>
      <dd class="wide">
        {allowed === null ? (
          "no count of so few"
        ) : (
          <>
            <Fig figure={countFigure(allowed)} /> bad
          </>
        )}
        {needed === null ? null : (
          <>
            ; <Fig figure={countFigure(next)} /> bad needs n <Fig figure={countFigure(needed)} />
          </>
        )}
      </dd>
    </div>
  );
}

interface RankProps {
  readonly of: ClaimVerdict;
  readonly planned: Claim | undefined;
  readonly side: "observed" | "bound";
}

/** Which order statistic of the sample a percentile is; nothing for what is none. */
function Rank({ of: claim, planned, side }: RankProps) {
  const share = shareOf(planned);
  const { n, confidence, observed, interval } = claim;
  const value = side === "observed" ? observed?.value : interval?.upper;
  if (share === null || claim.kind !== "quantile" || value == null || n === 0) return null;
  const rank = side === "observed" ? Math.ceil(share * n - 1e-9) : upperRank(n, share, confidence);
  if (rank === null) return null;
  return (
    <span class="muted rank">
      {" "}
      rank <Fig figure={countFigure(rank)} /> of <Fig figure={countFigure(n)} />
    </span>
  );
}

const Bound = ({ claim, planned }: ClaimFactsProps) => (
  <>
    <div>
      <dt>bound</dt>
      <dd>
        <span class="fig">{formatInterval(claim.interval)}</span>
        <Rank of={claim} planned={planned} side="bound" />
      </dd>
    </div>
    <div>
      <dt>limit</dt>
      <dd>
        <Fig figure={claim.limit} label="limit" />
      </dd>
    </div>
  </>
);

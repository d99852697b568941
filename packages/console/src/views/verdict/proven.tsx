import type { ClaimVerdict } from "@loadline/contract";
import { countFigure, formatInterval } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { Fig } from "../../parts/figure.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { VerdictMark } from "../../parts/verdict-mark.tsx";
import { More } from "./more.tsx";
import { Seen } from "./seen.tsx";

/** Rows of what is proven on a first screen without stoppers; each stopper takes one. */
const provenShown = 8;

interface ProvenProps {
  readonly claims: readonly ClaimVerdict[];
  /** Stoppers above, which come first. */
  readonly beside: number;
  readonly printing: boolean;
}

/** Required claims that are passed, with what proves them; the most important first. */
export function Proven({ claims, beside, printing }: ProvenProps) {
  if (claims.length === 0) return null;
  const shown = printing ? claims : claims.slice(0, Math.max(0, provenShown - beside));
  return (
    <section class="proven">
      <h2>
        Proven <Fig figure={countFigure(claims.length)} />
      </h2>
      {shown.length === 0 ? null : (
        <ul class="stop-list">
          {shown.map((claim) => (
            <ProvenRow key={claim.id} claim={claim} />
          ))}
        </ul>
      )}
      <More rest={claims.length - shown.length} screen="claims" query="verdict:passed" />
    </section>
  );
}

function ProvenRow({ claim }: { readonly claim: ClaimVerdict }) {
  const isPredicate = claim.kind === "predicate";
  return (
    <li class="stop" data-row>
      <VerdictMark verdict={claim.verdict} />
      <span class="stop-claim">
        <a class="id" href={addressOf({ screen: "claims", id: claim.id })}>
          <Untrusted text={claim.id} />
        </a>
        <span class="stop-statement">
          <Untrusted text={claim.statement} />
        </span>
      </span>
      <span class="stop-interval">
        <Seen claim={claim} />
      </span>
      <span class="stop-n">
        n <Fig figure={countFigure(claim.n)} />
      </span>
      <span class="stop-why">
        {isPredicate ? <Untrusted text={claim.sentence} /> : <ProvenFigures claim={claim} />}
      </span>
    </li>
  );
}

const ProvenFigures = ({ claim }: { readonly claim: ClaimVerdict }) => (
  <>
    observed <Fig figure={claim.observed} label="observed" />, bound{" "}
    <span class="fig">{formatInterval(claim.interval)}</span>, limit{" "}
    <Fig figure={claim.limit} label="limit" />
  </>
);

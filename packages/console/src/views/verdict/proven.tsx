import type { ClaimVerdict } from "@loadline/contract";
import { countFigure, formatInterval } from "../../model/format.ts";
import { Fig } from "../../parts/figure.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { ClaimRow } from "./claim-row.tsx";
import { More } from "./more.tsx";

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
    <ClaimRow claim={claim}>
      {isPredicate ? <Untrusted text={claim.sentence} /> : <ProvenFigures claim={claim} />}
    </ClaimRow>
  );
}

const ProvenFigures = ({ claim }: { readonly claim: ClaimVerdict }) => (
  <>
    observed <Fig figure={claim.observed} label="observed" />, bound{" "}
    <span class="fig">{formatInterval(claim.interval)}</span>, limit{" "}
    <Fig figure={claim.limit} label="limit" />
  </>
);

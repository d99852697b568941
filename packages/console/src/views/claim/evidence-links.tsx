import type { EvidenceRecord } from "@loadline/contract";
import { countFigure } from "../../model/format.ts";
import { Fig, RecordLink } from "../../parts/figure.tsx";

const evidenceShown = 40;

interface EvidenceLinksProps {
  readonly evidence: readonly number[];
  /** Given, each link stands under the kind of its record. */
  readonly recordOf?: ReadonlyMap<number, EvidenceRecord>;
}

/** Links to records, the first forty and the count of the rest. */
export function EvidenceLinks({ evidence, recordOf }: EvidenceLinksProps) {
  if (evidence.length === 0) return <p class="muted">No record supports this.</p>;
  const rest = evidence.length - evidenceShown;
  const byKind = Map.groupBy(
    evidence.slice(0, evidenceShown),
    (seq) => recordOf?.get(seq)?.kind ?? "",
  );
  return (
    <p class="evidence-links">
      {[...byKind].map(([kind, seqs]) => (
        <span key={kind} class="evidence-kind">
          {kind === "" ? null : <span class="muted">{kind} </span>}
          {seqs.map((seq) => (
            <RecordLink key={seq} seq={seq} />
          ))}
        </span>
      ))}
      {rest > 0 ? (
        <span class="muted">
          and <Fig figure={countFigure(rest)} /> more
        </span>
      ) : null}
    </p>
  );
}

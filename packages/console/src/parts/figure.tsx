import type { Figure } from "@loadline/contract";
import { useId, useState } from "preact/hooks";
import { formatCount, formatFigure } from "../model/format.ts";
import { addressOf } from "../model/links.ts";

interface FigProps {
  readonly figure: Figure | null;
  /** What the number is, for its provenance panel, e.g. "observed". */
  readonly label?: string;
  /** The rule that made it, one sentence. */
  readonly rule?: string | undefined;
  /** What the figure means in words, shown in its place. */
  readonly words?: string | undefined;
}

const provenanceSigns = {
  measured: "",
  derived: "\u0192",
  declared: "\u25c7",
  imported: "\u2193",
};

/** What the page itself counts or names cites no record, and needs no sign. */
const signOf = ({ provenance, refs }: Figure): string =>
  provenance === "derived" && refs.length === 0 ? "" : provenanceSigns[provenance];

/** Records listed in a provenance panel. */
const refsShown = 12;

/**
 * The only component that shows a number. A figure with records or a rule opens where it comes
 * from; derived, declared and imported ones carry a sign.
 */
export function Fig({ figure, label, rule, words }: FigProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const text = words ?? formatFigure(figure);
  const sign = figure === null ? "" : signOf(figure);
  const shown = (
    <>
      {text}
      {sign === "" || figure === null ? null : (
        <span class="fig-sign" title={figure.provenance} aria-label={figure.provenance}>
          {sign}
        </span>
      )}
    </>
  );
  if (figure === null || figure.value === null) return <span class="fig fig-none">{shown}</span>;
  if (figure.refs.length === 0 && rule === undefined) return <span class="fig">{shown}</span>;
  return (
    <span class="fig-box">
      <button
        type="button"
        class="fig fig-open"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        {shown}
      </button>
      {open ? <Provenance id={id} figure={figure} label={label} rule={rule} /> : null}
    </span>
  );
}

interface ProvenanceProps {
  readonly id: string;
  readonly figure: Figure;
  readonly label: string | undefined;
  readonly rule: string | undefined;
}

function Provenance({ id, figure, label, rule }: ProvenanceProps) {
  const rest = figure.refs.length - refsShown;
  return (
    <span class="provenance" id={id} role="note">
      <span>
        {label ?? "figure"}: {figure.provenance}
        {figure.n === undefined ? null : (
          <>
            , n <span class="fig">{formatCount(figure.n)}</span>
          </>
        )}
      </span>
      {rule ? <span>{rule}</span> : null}
      {figure.refs.length === 0 ? null : (
        <span>
          records{" "}
          {figure.refs.slice(0, refsShown).map((seq) => (
            <RecordLink key={seq} seq={seq} />
          ))}
          {rest > 0 ? <span class="fig">and {formatCount(rest)} more</span> : null}
        </span>
      )}
    </span>
  );
}

/** A link to one evidence record. */
export const RecordLink = ({ seq }: { readonly seq: number }) => (
  <a class="id record-link" href={addressOf({ screen: "evidence", id: String(seq) })}>
    #{seq}
  </a>
);

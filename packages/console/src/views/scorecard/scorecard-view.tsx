import {
  buildScorecard,
  type Figure,
  type ScoreRow,
  type UseVerdict,
  type VerdictDocument,
} from "@loadline/contract/browser";
import type { ReportView } from "../../app/context.ts";
import { countFigure } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { outcomeMarks } from "../../model/mark-shapes.ts";
import { Fig } from "../../parts/figure.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { Mark } from "../../parts/verdict-mark.tsx";

/** Eleven categories, five groups and four uses: counts of the same claims, coverage beside each. */
export function ScorecardView({ model, printing }: Pick<ReportView, "model" | "printing">) {
  const card = buildScorecard(model.verdict);
  return (
    <section class="score">
      <h1>Scorecard</h1>
      <p class="muted">
        Score = passed of required, coverage = decided of required. Waived is not passed; there are
        no weights, and a score is no gate.
      </p>
      <Rows title="Categories" rows={[...card.categories, card.total]} />
      <Rows title="Groups" rows={card.groups} />
      <Claims rows={[...card.categories, ...card.groups]} open={printing} />
      <h2>Ready for</h2>
      <ul class="plain-list">
        {card.uses.map((use) => (
          <Use key={use.use} use={use} />
        ))}
      </ul>
      <Demands verdict={model.verdict} />
    </section>
  );
}

function ratio(value: number | null): Figure {
  return { value, unit: "ratio", provenance: "derived", refs: [] };
}

interface RowsProps {
  readonly title: string;
  readonly rows: readonly ScoreRow[];
}

function Rows({ title, rows }: RowsProps) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={title}>
      <h2>{title}</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">name</th>
            <th scope="col">coverage</th>
            <th scope="col">score</th>
            <th scope="col">waived</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.name} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row }: { readonly row: ScoreRow }) {
  if (row.coverage === null || row.score === null) {
    return (
      <tr>
        <th scope="row">{row.name}</th>
        <td>no claims</td>
        <td>no claims</td>
        <td />
      </tr>
    );
  }
  return (
    <tr>
      <th scope="row">{row.name}</th>
      <td>
        <Fig figure={countFigure(row.decided)} /> of <Fig figure={countFigure(row.required)} />,{" "}
        <Fig figure={ratio(row.coverage)} />
      </td>
      <td>
        <Fig figure={countFigure(row.passed)} /> of <Fig figure={countFigure(row.required)} />,{" "}
        <Fig figure={ratio(row.score)} />
      </td>
      <td>
        <Fig figure={countFigure(row.waived)} />
      </td>
    </tr>
  );
}

/** Every count leads to its claims, and from there to their evidence. */
function Claims({ rows, open }: { readonly rows: readonly ScoreRow[]; readonly open: boolean }) {
  return (
    <details open={open}>
      <summary>claims of each row</summary>
      <dl class="pairs">
        {rows.map((row) => [
          <dt key={row.name}>{row.name}</dt>,
          <dd key={`${row.name} claims`}>
            {row.claims.length === 0 ? "no claims" : null}
            {row.claims.map((id) => (
              <a key={id} class="id" href={addressOf({ screen: "claims", id })}>
                <Untrusted text={id} />{" "}
              </a>
            ))}
          </dd>,
        ])}
      </dl>
    </details>
  );
}

/** What the plan asks beyond its claims; a plan that asks nothing shows nothing. */
function Demands({ verdict }: { readonly verdict: VerdictDocument }) {
  const { use, gates = [] } = verdict;
  if (use === undefined && gates.length === 0) return null;
  return (
    <>
      <h2>The plan asks for</h2>
      <ul class="plain-list">
        {use === undefined ? null : <Use use={use} />}
        {gates.map((gate) => (
          <li key={gate.id}>
            <Mark verdict={gate.verdict} /> {gate.verdict}{" "}
            <b>
              <Untrusted text={gate.id} />
            </b>{" "}
            <span class="muted">
              <Untrusted text={gate.sentence} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Use({ use }: { readonly use: UseVerdict }) {
  return (
    <li>
      <Mark verdict={outcomeMarks[use.outcome]} /> {use.outcome} <b>{use.use}</b>{" "}
      <span class="muted">
        <Untrusted text={use.sentence} />
      </span>
    </li>
  );
}

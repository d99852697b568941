import type { EvidenceRecord } from "@loadline/contract";
import type { ReportView } from "../../app/context.ts";
import { recordTable } from "../../model/export-rows.ts";
import { filterOf } from "../../model/filter.ts";
import { countFigure, formatValue } from "../../model/format.ts";
import { addressOf, nearestId } from "../../model/links.ts";
import { Export } from "../../parts/export.tsx";
import { Fig } from "../../parts/figure.tsx";
import { FilteredList } from "../../parts/filtered-list.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";

/** The records a verdict or figure cites; one of them in full when the address names it. */
export function EvidenceView({ model, left, place, recordOf, printing, onQuery }: ReportView) {
  const takes = filterOf(place.query);
  const shown = model.records.filter((record) =>
    takes({
      text: `#${record.seq} ${record.kind} ${record.claims.join(" ")} ${JSON.stringify(record.data)}`,
      fields: { kind: [record.kind], stage: [record.by.id] },
    }),
  );
  return (
    <section>
      <h1>Evidence</h1>
      <p class="muted">
        <Fig figure={countFigure(model.records.length)} /> of{" "}
        <Fig figure={countFigure(model.recordCount)} /> records are here: those that a verdict or
        figure cites. All are in <code>evidence.jsonl</code> of the bundle.
        {left.texts > 0 ? (
          <>
            {" "}
            <Fig figure={countFigure(left.texts)} /> long texts are cut here and whole in the
            bundle.
          </>
        ) : null}
      </p>
      <LeftLines count={model.recordCount} recordOf={recordOf} />
      <Chosen id={place.id} recordOf={recordOf} />
      <FilteredList
        query={place.query}
        keys={["kind", "stage"]}
        rows={shown}
        total={model.records.length}
        label="Records"
        empty={
          model.records.length === 0
            ? "No verdict or figure of this run cites a record."
            : "No record matches this filter; Esc clears it."
        }
        rowPx={28}
        printing={printing}
        aside={<Export name="records" table={() => recordTable(shown)} json={() => shown} />}
        keyOf={(record) => record.seq}
        render={(record) => <RecordRow record={record} />}
        onQuery={onQuery}
      />
    </section>
  );
}

/** Ranges of lines that are told; a run has few unless it is long. */
const rangesShown = 12;

/** Which lines of the event log are not in the page: record n is its line n + 1. */
function LeftLines({ count, recordOf }: { readonly count: number } & Pick<ReportView, "recordOf">) {
  const ranges = missingRanges(count, recordOf);
  if (ranges.length === 0) return null;
  const rest = ranges.length - rangesShown;
  return (
    <p class="muted">
      Lines of it that are not here:{" "}
      {ranges.slice(0, rangesShown).map(([from, to], index) => (
        <span key={from}>
          {index === 0 ? "" : ", "}
          <Fig figure={countFigure(from + 1)} />
          {to === from ? null : (
            <>
              {" to "}
              <Fig figure={countFigure(to + 1)} />
            </>
          )}
        </span>
      ))}
      {rest > 0 ? (
        <>
          {" "}
          and <Fig figure={countFigure(rest)} /> more ranges
        </>
      ) : null}
      .
    </p>
  );
}

/** First and last seq of each gap among the records of the page. */
function missingRanges(
  count: number,
  has: ReadonlyMap<number, unknown>,
): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (let seq = 0; seq < count; seq += 1) {
    const last = ranges.at(-1);
    if (has.has(seq)) continue;
    if (last !== undefined && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}

const gist = (record: EvidenceRecord): string => {
  const seen = record.data["seen"] ?? record.data["sentence"];
  return typeof seen === "string" ? seen : JSON.stringify(record.data);
};

function RecordRow({ record }: { readonly record: EvidenceRecord }) {
  return (
    <div class="record-row" data-row>
      <a class="id" href={addressOf({ screen: "evidence", id: String(record.seq) })}>
        #{record.seq}
      </a>
      <span class="fig">{formatValue(Math.round(record.mono), "ms")}</span>
      <span class="record-kind">{record.kind}</span>
      <span class="muted clip">
        <Untrusted text={gist(record)} />
      </span>
    </div>
  );
}

interface ChosenProps {
  readonly id: string | null;
  readonly recordOf: ReadonlyMap<number, EvidenceRecord>;
}

function Chosen({ id, recordOf }: ChosenProps) {
  if (id === null) return null;
  const record = recordOf.get(Number(id));
  if (record !== undefined) return <RecordDetails record={record} />;
  const near = nearestId(id, [...recordOf.keys()].map(String));
  return (
    <Notice kind="empty">
      Record <Untrusted text={id} /> is not in this report; it may be in the bundle's{" "}
      <code>evidence.jsonl</code>.{" "}
      {near === null ? null : (
        <a class="id" href={addressOf({ screen: "evidence", id: near })}>
          #{near}
        </a>
      )}
    </Notice>
  );
}

function RecordDetails({ record }: { readonly record: EvidenceRecord }) {
  return (
    <article class="record" aria-label={`Record ${record.seq}`}>
      <h2>
        <span class="id">#{record.seq}</span> {record.kind}
      </h2>
      <dl class="pairs">
        <dt>at</dt>
        <dd>
          <time>{record.at}</time>
        </dd>
        <dt>by</dt>
        <dd>
          <Untrusted text={`${record.by.id} ${record.by.version}`} />
        </dd>
        <dt>provenance</dt>
        <dd>{record.provenance}</dd>
        <dt>claims</dt>
        <dd>
          {record.claims.map((claim) => (
            <a key={claim} class="id" href={addressOf({ screen: "claims", id: claim })}>
              <Untrusted text={claim} />{" "}
            </a>
          ))}
        </dd>
        <dt>proves</dt>
        <dd>
          <Untrusted text={record.proves.join("; ") || "-"} />
        </dd>
        <dt>does not prove</dt>
        <dd>
          <Untrusted text={record.doesNotProve.join("; ") || "-"} />
        </dd>
        <dt>hash</dt>
        <dd>
          <code class="digest">{record.hash}</code>
        </dd>
        <dt>prev</dt>
        <dd>
          <code class="digest">{record.prev}</code>
        </dd>
      </dl>
      <Untrusted text={JSON.stringify(record.data, null, 2)} block />
    </article>
  );
}

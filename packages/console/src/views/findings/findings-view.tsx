import type { ReportModel } from "@loadline/contract";
import type { ReportView } from "../../app/context.ts";
import { commandLine } from "../../model/command.ts";
import { findingTable } from "../../model/export-rows.ts";
import { filterOf } from "../../model/filter.ts";
import { countFigure } from "../../model/format.ts";
import { addressOf, nearestId } from "../../model/links.ts";
import { Command } from "../../parts/command.tsx";
import { Export } from "../../parts/export.tsx";
import { Fig } from "../../parts/figure.tsx";
import { FilterBox } from "../../parts/filter-box.tsx";
import { Notice } from "../../parts/notice.tsx";
import { PagedRows } from "../../parts/paged-rows.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { EvidenceLinks } from "../claim/evidence-links.tsx";

type Finding = ReportModel["findings"][number];

/** Findings by fingerprint, as the stages reported them. */
export function FindingsView({ model, left, place, onQuery, printing }: ReportView) {
  const takes = filterOf(place.query);
  const shown = model.findings.filter((finding) =>
    takes({
      text: `${finding.fingerprint} ${finding.title} ${finding.impact} ${finding.claims.join(" ")}`,
      fields: { severity: [finding.severity] },
    }),
  );
  return (
    <section>
      <h1>Findings</h1>
      {model.findings.length === 0 ? (
        <Notice kind="empty">No stage of this run reported a finding.</Notice>
      ) : (
        <FilterBox
          query={place.query}
          keys={["severity"]}
          shown={shown.length}
          total={model.findings.length}
          aside={<Export name="findings" table={() => findingTable(shown)} json={() => shown} />}
          onQuery={onQuery}
        />
      )}
      {left.findings > 0 ? (
        <Notice kind="note">
          <Fig figure={countFigure(left.findings)} /> more findings are in the bundle only.
        </Notice>
      ) : null}
      <Unknown id={place.id} findings={model.findings} />
      {shown.length === 0 && model.findings.length > 0 ? (
        <Notice kind="empty">No finding matches this filter; Esc clears it.</Notice>
      ) : null}
      <PagedRows
        rows={shown}
        printing={printing}
        chosen={shown.findIndex(({ fingerprint }) => fingerprint === place.id)}
        render={(rows) =>
          rows.map((finding) => (
            <FindingDetails
              key={finding.fingerprint}
              finding={finding}
              open={printing || place.id === finding.fingerprint}
            />
          ))
        }
      />
    </section>
  );
}

interface UnknownProps {
  readonly id: string | null;
  readonly findings: readonly Finding[];
}

function Unknown({ id, findings }: UnknownProps) {
  const ids = findings.map((finding) => finding.fingerprint);
  if (id === null || ids.includes(id)) return null;
  const near = nearestId(id, ids);
  return (
    <Notice kind="empty">
      This report has no finding <Untrusted text={id} />.{" "}
      {near === null ? null : (
        <a class="id" href={addressOf({ screen: "findings", id: near })}>
          <Untrusted text={near} />
        </a>
      )}
    </Notice>
  );
}

function FindingDetails({ finding, open }: { readonly finding: Finding; readonly open: boolean }) {
  return (
    <details class="finding" open={open} data-row>
      <summary>
        <span class={`severity severity-${finding.severity}`}>{finding.severity}</span>{" "}
        <Untrusted text={finding.title} />
      </summary>
      <dl class="pairs">
        <dt>impact</dt>
        <dd>
          <Untrusted text={finding.impact} />
        </dd>
        <dt>status</dt>
        <dd>{finding.status}</dd>
        <dt>owner</dt>
        <dd>{finding.owner === null ? "nobody is named" : <Untrusted text={finding.owner} />}</dd>
        <dt>resolution</dt>
        <dd>
          <Untrusted text={finding.remedy} />
        </dd>
        <dt>claims</dt>
        <dd>
          {finding.claims.map((id) => (
            <a key={id} class="id" href={addressOf({ screen: "claims", id })}>
              <Untrusted text={id} />{" "}
            </a>
          ))}
        </dd>
        <dt>fingerprint</dt>
        <dd>
          <a class="id" href={addressOf({ screen: "findings", id: finding.fingerprint })}>
            <Untrusted text={finding.fingerprint} />
          </a>
        </dd>
      </dl>
      {finding.raw === "" ? null : <Untrusted text={finding.raw} block />}
      <Command line={commandLine(finding.reproduce)} label="finding's command" />
      <EvidenceLinks evidence={finding.evidence} />
    </details>
  );
}

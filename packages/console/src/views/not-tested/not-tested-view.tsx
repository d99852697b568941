import type { ReportView } from "../../app/context.ts";
import { searchablePart, stagesOf, untestedParts } from "../../model/claim-rows.ts";
import { commandLine } from "../../model/command.ts";
import { untestedTable } from "../../model/export-rows.ts";
import { filterOf } from "../../model/filter.ts";
import { addressOf } from "../../model/links.ts";
import { Command } from "../../parts/command.tsx";
import { Export } from "../../parts/export.tsx";
import { FilterBox } from "../../parts/filter-box.tsx";
import { Notice } from "../../parts/notice.tsx";
import { PagedRows } from "../../parts/paged-rows.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { VerdictMark } from "../../parts/verdict-mark.tsx";

/** Why the list is empty; a part in error was tried, so it is not untested, and has no evidence. */
function emptyWords(claims: number, parts: number): string {
  if (claims === 0) return "This run has no claim.";
  if (parts === 0) return "No part of any claim was left untested.";
  return "No untested part matches this filter; Esc clears it.";
}

/** Everything without evidence: which part, why, and what would fill it. */
export function NotTestedView({ model, place, printing, onQuery }: ReportView) {
  const parts = untestedParts(model.verdict.claims);
  const takes = filterOf(place.query);
  const stageOf = stagesOf(model);
  const shown = parts.filter((row) => takes(searchablePart(row, stageOf(row.claim.id))));
  return (
    <section>
      <h1>Not tested</h1>
      <FilterBox
        query={place.query}
        keys={["stage", "category", "part", "reason", "required"]}
        shown={shown.length}
        total={parts.length}
        aside={<Export name="not-tested" table={() => untestedTable(shown)} json={() => shown} />}
        onQuery={onQuery}
      />
      {shown.length === 0 ? (
        <Notice kind="empty">{emptyWords(model.verdict.claims.length, parts.length)}</Notice>
      ) : null}
      <PagedRows
        rows={shown}
        printing={printing}
        render={(rows) => (
          <ul class="untested">
            {rows.map(({ claim, part }) => (
              <li key={`${claim.id} ${part.part}`} data-row>
                <VerdictMark verdict={part.verdict} reason={part.reason} />
                <a class="id" href={addressOf({ screen: "claims", id: claim.id, part: part.part })}>
                  <Untrusted text={claim.id} /> <span class="muted">part</span>{" "}
                  <Untrusted text={part.part} />
                </a>
                <span>
                  <Untrusted text={part.sentence} />
                </span>
                {claim.toProve === "" ? null : (
                  <span class="muted">
                    Would prove it: <Untrusted text={claim.toProve} />
                  </span>
                )}
                {claim.reproduce.length === 0 ? null : (
                  <Command
                    line={commandLine(claim.reproduce)}
                    label={<Untrusted text={claim.id} />}
                  />
                )}
              </li>
            ))}
          </ul>
        )}
      />
    </section>
  );
}

import type { ClaimVerdict } from "@loadline/contract";
import type { ReportView } from "../../app/context.ts";
import { searchableClaim, sortedClaims, stagesOf } from "../../model/claim-rows.ts";
import { claimTable } from "../../model/export-rows.ts";
import { filterOf } from "../../model/filter.ts";
import { countFigure } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { Export } from "../../parts/export.tsx";
import { Fig } from "../../parts/figure.tsx";
import { FilteredList } from "../../parts/filtered-list.tsx";
import { IntervalBar } from "../../parts/interval.tsx";
import { Observed } from "../../parts/observed.tsx";
import { SortBox } from "../../parts/sort-box.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { VerdictMark } from "../../parts/verdict-mark.tsx";

interface ClaimsListProps extends ReportView {
  readonly claims: readonly ClaimVerdict[];
  /** Of the list and of the files it is saved to. */
  readonly name: string;
}

/** Claims in the order and with the parts that the address asks for. */
export function ClaimsList({ claims, name, model, place, printing, ...on }: ClaimsListProps) {
  const takes = filterOf(place.query);
  const stageOf = stagesOf(model);
  const found = claims.filter((claim) => takes(searchableClaim(claim, stageOf(claim.id))));
  const shown = sortedClaims(found, place.sort);
  return (
    <FilteredList
      query={place.query}
      keys={["verdict", "stage", "category", "required", "reason"]}
      rows={shown}
      total={claims.length}
      label={name}
      empty="No claim matches this filter; Esc clears it."
      rowPx={72}
      printing={printing}
      aside={
        <>
          <SortBox sort={place.sort} onSort={on.onSort} />
          <Export name={name} table={() => claimTable(shown)} json={() => shown} />
        </>
      }
      keyOf={(claim) => claim.id}
      render={(claim) => <ClaimRow claim={claim} />}
      onQuery={on.onQuery}
    />
  );
}

function ClaimRow({ claim }: { readonly claim: ClaimVerdict }) {
  return (
    <div class="claim-row" data-row>
      <VerdictMark verdict={claim.verdict} disposition={claim.disposition} reason={claim.reason} />
      <span class="claim-name">
        <a class="id" href={addressOf({ screen: "claims", id: claim.id })}>
          <Untrusted text={claim.id} />
        </a>
        <span class="muted clip">
          <Untrusted text={claim.statement} />
        </span>
      </span>
      <span class="claim-observed">
        <Observed claim={claim} />
      </span>
      <span class="claim-interval">
        {claim.kind === "predicate" ? (
          <span class="muted clip">
            <Untrusted text={claim.sentence} />
          </span>
        ) : (
          <IntervalBar interval={claim.interval} observed={claim.observed} limit={claim.limit} />
        )}
      </span>
      <span class="claim-n">
        n <Fig figure={countFigure(claim.n)} />
      </span>
      <span class="claim-need muted">{claim.required ? "required" : "optional"}</span>
    </div>
  );
}

import type { ClaimVerdict } from "@loadline/contract";
import type { ReportView } from "../../app/context.ts";
import { searchableClaim } from "../../model/claim-rows.ts";
import { filterOf } from "../../model/filter.ts";
import { countFigure } from "../../model/format.ts";
import { addressOf } from "../../model/links.ts";
import { Fig } from "../../parts/figure.tsx";
import { FilteredList } from "../../parts/filtered-list.tsx";
import { IntervalBar } from "../../parts/interval.tsx";
import { Observed } from "../../parts/observed.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { VerdictMark } from "../../parts/verdict-mark.tsx";

/** All claims of the plan, in plan order, with the parts of the filter. */
export function ClaimsView({ model, place, printing, onQuery }: ReportView) {
  const { claims } = model.verdict;
  const takes = filterOf(place.query);
  const shown = claims.filter((claim) => takes(searchableClaim(claim)));
  return (
    <section>
      <h1>Claims</h1>
      <FilteredList
        query={place.query}
        keys={["verdict", "stage", "category", "required", "reason"]}
        rows={shown}
        total={claims.length}
        label="Claims"
        empty="No claim matches this filter; Esc clears it."
        rowPx={72}
        printing={printing}
        keyOf={(claim) => claim.id}
        render={(claim) => <ClaimRow claim={claim} />}
        onQuery={onQuery}
      />
    </section>
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

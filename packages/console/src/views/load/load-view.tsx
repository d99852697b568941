import type { Claim, LoadSeries } from "@loadline/contract";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ReportView } from "../../app/context.ts";
import { EcdfChart } from "../../charts/ecdf.tsx";
import { HeatMap } from "../../charts/heat-map.tsx";
import { LatencyChart, RateChart } from "../../charts/over-time.tsx";
import { PercentileChart } from "../../charts/percentiles.tsx";
import { mostOf, percentilesOf } from "../../model/chart-data.ts";
import { addressOf, nearestId, type Place } from "../../model/links.ts";
import { Fig } from "../../parts/figure.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { GuardList } from "../claim/claim-view.tsx";
import { EvidenceLinks } from "../claim/evidence-links.tsx";
import { LoadDetails } from "./load-details.tsx";
import { SendDelay } from "./send-delay.tsx";

/** Charts of a scenario, as its address names them. */
const chartNames = ["rate", "latency", "percentiles", "share", "heat"] as const;
type ChartName = (typeof chartNames)[number];

/** The load of the run: per scenario rate, latency, tail and modes. */
export function LoadView({ model, place, theme, printing }: ReportView) {
  const wanted = useRef<HTMLElement>(null);
  useLayoutEffect(() => wanted.current?.scrollIntoView(), [place.id, place.part]);
  const guards = model.verdict.guards.filter((guard) => guard.guard.includes("load"));
  return (
    <section>
      <h1>Load</h1>
      {model.load.length === 0 ? (
        <Notice kind="empty">
          This run holds no load samples. The command under Reproduce runs the load stage again.
        </Notice>
      ) : null}
      <Unknown place={place} series={model.load} />
      {guards.length === 0 ? null : (
        <>
          <h2>Guards of the generator</h2>
          <GuardList guards={guards} />
        </>
      )}
      {model.load.map((series) => (
        <Scenario
          key={series.scenario}
          series={series}
          claims={model.plan.claims}
          theme={theme}
          printing={printing}
          place={place}
          wanted={wanted}
        />
      ))}
    </section>
  );
}

interface UnknownProps {
  readonly place: Place;
  readonly series: readonly LoadSeries[];
}

/** Says that the address names a scenario or a chart which is not here, and the nearest. */
function Unknown({ place: { id, part }, series }: UnknownProps) {
  if (id === null || series.length === 0) return null;
  const ids = series.map(({ scenario }) => scenario);
  const isKnown = ids.includes(id);
  if (isKnown && (part === null || chartNames.some((name) => name === part))) return null;
  const asked = isKnown ? (part ?? "") : id;
  const near = nearestId(asked, isKnown ? chartNames : ids);
  const to = isKnown ? { id, part: near } : { id: near };
  return (
    <Notice kind="empty">
      This report has no {isKnown ? "chart" : "scenario"} <Untrusted text={asked} />; the nearest is{" "}
      <a class="id" href={addressOf({ screen: "load", ...to })}>
        <Untrusted text={near ?? ""} />
      </a>
      .
    </Notice>
  );
}

interface ScenarioProps {
  readonly series: LoadSeries;
  readonly claims: readonly Claim[];
  readonly theme: string;
  readonly printing: boolean;
  readonly place: Place;
  /** Of what the address names, to bring it into view. */
  readonly wanted: RefObject<HTMLElement | null>;
}

function Scenario({ series, claims, theme, printing, place, wanted }: ScenarioProps) {
  const isWanted = place.id === series.scenario;
  const chartOf = (name: ChartName) => ({
    series,
    theme,
    printing,
    address: addressOf({ screen: "load", id: series.scenario, part: name }),
    ...(isWanted && place.part === name && { box: wanted }),
  });
  return (
    <section class="scenario" {...(isWanted && place.part === null && { ref: wanted })}>
      <h2>
        <a href={addressOf({ screen: "load", id: series.scenario })}>
          <Untrusted text={series.scenario} />
        </a>
      </h2>
      <div class="charts">
        <RateChart {...chartOf("rate")} />
        {mostOf(series.maxMs) === null ? (
          <Notice kind="empty">No request was answered, so no latency was measured.</Notice>
        ) : (
          <LatencyChart {...chartOf("latency")} />
        )}
        {percentilesOf(series).length === 0 ? (
          <Notice kind="empty">No percentile is bounded by this sample.</Notice>
        ) : (
          <PercentileChart {...chartOf("percentiles")} />
        )}
        {series.heat.length === 0 ? (
          <Notice kind="empty">No latency was recorded for a heat map or shares.</Notice>
        ) : (
          <>
            <EcdfChart {...chartOf("share")} claims={claims} />
            <HeatMap {...chartOf("heat")} />
          </>
        )}
      </div>
      <FirstToken series={series} />
      <SendDelay series={series} />
      <LoadDetails series={series} />
      <EvidenceLinks evidence={series.evidence} />
    </section>
  );
}

function FirstToken({ series }: { readonly series: LoadSeries }) {
  if (series.ttft.length === 0) return null;
  return (
    <p class="ttft">
      Time to first token:
      {series.ttft.map(([quantile, ms]) => (
        <span key={quantile}>
          {" "}
          <span class="muted">
            <Fig
              figure={{ value: quantile, unit: "ratio", provenance: "derived", refs: [] }}
            />{" "}
            within
          </span>{" "}
          <Fig
            figure={{ value: ms, unit: "ms", provenance: "measured", refs: series.evidence }}
            label="time to first token"
          />
        </span>
      ))}
    </p>
  );
}

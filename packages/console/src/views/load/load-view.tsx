import type { LoadSeries } from "@loadline/contract";
import type { ReportView } from "../../app/context.ts";
import { HeatMap } from "../../charts/heat-map.tsx";
import { LatencyChart, RateChart } from "../../charts/over-time.tsx";
import { PercentileChart } from "../../charts/percentiles.tsx";
import { Fig } from "../../parts/figure.tsx";
import { Notice } from "../../parts/notice.tsx";
import { Untrusted } from "../../parts/untrusted.tsx";
import { EvidenceLinks, GuardList } from "../claim/claim-view.tsx";
import { SendDelay } from "./send-delay.tsx";

/** The load of the run: per scenario rate, latency, tail and modes. */
export function LoadView({ model, theme, printing }: ReportView) {
  const guards = model.verdict.guards.filter((guard) => guard.guard.includes("load"));
  return (
    <section>
      <h1>Load</h1>
      {model.load.length === 0 ? (
        <Notice kind="empty">
          This run holds no load samples. The command under Reproduce runs the load stage again.
        </Notice>
      ) : null}
      {guards.length === 0 ? null : (
        <>
          <h2>Guards of the generator</h2>
          <GuardList guards={guards} />
        </>
      )}
      {model.load.map((series) => (
        <Scenario key={series.scenario} series={series} theme={theme} printing={printing} />
      ))}
    </section>
  );
}

interface ScenarioProps {
  readonly series: LoadSeries;
  readonly theme: string;
  readonly printing: boolean;
}

function Scenario({ series, theme, printing }: ScenarioProps) {
  const chart = { series, theme, printing };
  return (
    <section class="scenario">
      <h2>
        <Untrusted text={series.scenario} />
      </h2>
      <div class="charts">
        <RateChart {...chart} />
        <LatencyChart {...chart} />
        {series.percentiles.length === 0 ? (
          <Notice kind="empty">No percentile is bounded by this sample.</Notice>
        ) : (
          <PercentileChart {...chart} />
        )}
        {series.heat.length === 0 ? (
          <Notice kind="empty">No latency was recorded for a heat map.</Notice>
        ) : (
          <HeatMap {...chart} />
        )}
      </div>
      <FirstToken series={series} />
      <SendDelay series={series} />
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

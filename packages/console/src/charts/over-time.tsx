import type { LoadSeries } from "@loadline/contract";
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import {
  loneOf,
  mostOf,
  onLogScale,
  overTimeOf,
  overTimeTable,
  totalsOf,
} from "../model/chart-data.ts";
import { Fig } from "../parts/figure.tsx";
import { axisOf } from "./plot.tsx";
import { PlotChart } from "./plot-chart.tsx";

export interface ChartProps {
  readonly series: LoadSeries;
  readonly theme: string;
  readonly printing: boolean;
  /** Where this chart is found again. */
  readonly address?: string;
  /** Takes the chart's place on the page. */
  readonly box?: RefObject<HTMLElement | null>;
}

const line = (label: string, stroke: string, width = 1.5): uPlot.Series => ({
  label,
  stroke,
  width,
  spanGaps: false,
  // A line shows no single value: one between two gaps is a dot.
  points: { show: false, size: 5, filter: (plot, at) => loneOf([...(plot.data[at] ?? [])]) },
});

/** Offered and finished requests per second, per slice. */
export function RateChart({ series, ...frame }: ChartProps) {
  const data = useMemo((): uPlot.AlignedData => {
    const { seconds, due, ok, bad, inFlight } = overTimeOf(series);
    return [[...seconds], [...due], [...ok], [...bad], [...inFlight]];
  }, [series]);
  const totals = totalsOf(series);
  return (
    <PlotChart
      title="Rate over time"
      summary={
        <>
          <Key name="due" /> <Fig figure={totals.due} label="due" />, <Key name="ok" />{" "}
          <Fig figure={totals.ok} label="ok" />, <Key name="bad" />{" "}
          <Fig figure={totals.bad} label="bad" />, <Key name="in flight" /> at slice end
        </>
      }
      table={overTimeTable(series)}
      {...frame}
      data={data}
      options={(color) => ({
        scales: { x: { time: false }, y: { range: (_, __, most) => [0, (most || 1) * 1.08] } },
        axes: [
          axisOf(color, "seconds since start"),
          axisOf(color, "requests/s; in flight", { size: 52 }),
        ],
        series: [
          {},
          { ...line("due", color("chart-due"), 2), dash: [5, 4] },
          line("ok", color("chart-ok")),
          line("bad", color("failed"), 2),
          { ...line("in flight", color("muted"), 1), dash: [1, 3] },
        ],
      })}
    />
  );
}

/** p99 and maximum of the requests of each slice; gaps stay gaps. */
export function LatencyChart({ series, ...frame }: ChartProps) {
  const data = useMemo((): uPlot.AlignedData => {
    const { seconds, p99Ms, maxMs } = overTimeOf(series);
    return [[...seconds], onLogScale(p99Ms), onLogScale(maxMs)];
  }, [series]);
  const most = mostOf(series.maxMs);
  return (
    <PlotChart
      title="Latency over time"
      summary={
        <>
          <Key name="p99" /> and <Key name="max" /> per slice; largest{" "}
          <Fig
            figure={{ value: most, unit: "ms", provenance: "measured", refs: series.evidence }}
            label="largest latency"
          />
        </>
      }
      table={overTimeTable(series)}
      {...frame}
      data={data}
      options={(color) => ({
        scales: { x: { time: false }, y: { distr: 3 } },
        axes: [
          axisOf(color, "seconds since start"),
          axisOf(color, "latency in ms, log scale", { size: 62 }),
        ],
        series: [{}, line("p99", color("chart-ok"), 2), line("max", color("chart-max"))],
      })}
    />
  );
}

/** The name of a line beside a sample of it. */
export const Key = ({ name }: { readonly name: string }) => (
  <span class="key">
    <span class={`key-line key-${name.replaceAll(" ", "-")}`} aria-hidden="true" />
    {name}
  </span>
);

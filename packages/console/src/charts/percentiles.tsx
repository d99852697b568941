import type { LoadSeries } from "@loadline/contract";
import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import {
  onLogScale,
  percentilesOf,
  percentileTable,
  totalsOf,
  unboundedFrom,
} from "../model/chart-data.ts";
import { formatValue } from "../model/format.ts";
import { Fig } from "../parts/figure.tsx";
import { Key, type ChartProps } from "./over-time.tsx";
import { axisOf } from "./plot.tsx";
import { PlotChart } from "./plot-chart.tsx";

/** The quantile whose tail is `tail`, as text for the axis. */
const tailLabel = (tail: number): string =>
  tail <= 1 ? "0 %" : formatValue(Math.round((1 - 1 / tail) * 1e7) / 1e7, "ratio");

/** The tail of the latency distribution: response from intended start, service from sending. */
export function PercentileChart({ series, ...frame }: ChartProps) {
  const data = useMemo((): uPlot.AlignedData => {
    const points = percentilesOf(series);
    return [
      points.map((point) => point.tail),
      onLogScale(points.map((point) => point.responseMs)),
      onLogScale(points.map((point) => point.serviceMs)),
    ];
  }, [series]);
  return (
    <PlotChart
      title="Percentiles"
      summary={<PercentileSummary series={series} />}
      table={percentileTable(series)}
      {...frame}
      data={data}
      heightPx={240}
      options={(color) => ({
        scales: { x: { time: false, distr: 3 }, y: { distr: 3 } },
        axes: [
          axisOf(color, "share of requests at or under", {
            values: (_, splits) => splits.map((tail) => (isDecade(tail) ? tailLabel(tail) : "")),
          }),
          axisOf(color, "latency in ms, log scale", { size: 62 }),
        ],
        series: [
          {},
          {
            label: "response",
            stroke: color("chart-ok"),
            width: 2,
            points: { show: true, size: 5 },
          },
          { label: "service", stroke: color("chart-max"), width: 1.5, dash: [5, 4] },
        ],
      })}
    />
  );
}

const isDecade = (tail: number): boolean => Math.abs(Math.log10(tail) % 1) < 1e-9;

const noGreatest = (series: LoadSeries): string =>
  totalsOf(series).bad.value === 0
    ? "no maximum was recorded"
    : "there is no maximum, since a request without an answer took for ever";

function PercentileSummary({ series }: { readonly series: LoadSeries }) {
  const open = unboundedFrom(series);
  const hasGreatest = series.percentiles.some(([quantile]) => quantile === 1);
  return (
    <>
      <Key name="response" /> counts from the intended start, <Key name="service" /> from sending.
      Order statistics; {hasGreatest ? "the last point is the maximum" : noGreatest(series)}.
      {open === null ? null : (
        <>
          {" "}
          The curve ends where the sample bounds no more: n <Fig figure={open.n} />, no bound at{" "}
          <Fig figure={open.quantile} />.
        </>
      )}
    </>
  );
}

import type { Claim } from "@loadline/contract";
import { useMemo } from "preact/hooks";
import uPlot from "uplot";
import { ecdfColumns, ecdfOf, ecdfTable, objectivesOf, shareFigure } from "../model/ecdf.ts";
import { formatValue } from "../model/format.ts";
import { Fig } from "../parts/figure.tsx";
import type { ChartProps } from "./over-time.tsx";
import { axisOf } from "./plot.tsx";
import { PlotChart } from "./plot-chart.tsx";

interface EcdfProps extends ChartProps {
  /** Of the plan; those on this scenario's response time are crosses. */
  readonly claims: readonly Claim[];
}

/** Which share of the due requests had a good answer within a time, against what was promised. */
export function EcdfChart({ series, claims, ...frame }: EcdfProps) {
  const { steps, objectives, data } = useMemo(() => {
    const steps = ecdfOf(series);
    const objectives = objectivesOf(series.scenario, steps, claims);
    const data: uPlot.AlignedData = [...ecdfColumns(steps, objectives)];
    return { steps, objectives, data };
  }, [series, claims]);
  return (
    <PlotChart
      title="Share under a time"
      summary={
        <>
          Of all due requests, those without a good answer too.
          {objectives.map(({ ms, share, seen }) => (
            <span key={`${ms} ${share}`}>
              {" "}
              Within <Fig figure={{ value: ms, unit: "ms", provenance: "declared", refs: [] }} />:
              at least <Fig figure={{ ...shareFigure(seen, "derived"), refs: series.evidence }} />,{" "}
              <Fig figure={shareFigure(share, "declared")} /> promised.
            </span>
          ))}
        </>
      }
      table={ecdfTable(steps)}
      {...frame}
      data={data}
      options={(color) => ({
        scales: { x: { time: false, distr: 3 }, y: { range: [0, 1] } },
        axes: [
          axisOf(color, "latency in ms, log scale"),
          axisOf(color, "share of due requests", {
            size: 62,
            values: (_, splits) => splits.map((share) => formatValue(share, "ratio")),
          }),
        ],
        series: [
          {},
          {
            label: "within",
            stroke: color("chart-ok"),
            width: 2,
            points: { show: false },
            ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
          },
          {
            label: "promised",
            stroke: color("chart-max"),
            paths: () => null,
            points: { show: true, size: 9 },
          },
        ],
      })}
    />
  );
}

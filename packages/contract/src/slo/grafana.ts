import { idMatchers } from "./expression.ts";
import type { Slo } from "./model.ts";
import { shareRecord } from "./prometheus.ts";

interface Panel {
  readonly title: string;
  readonly expr: string;
  readonly unit: string;
  readonly type: "stat" | "timeseries";
  readonly legend: string;
}

const heightOf = { stat: 4, timeseries: 8 } as const;
const columns = 24;

/** A dashboard of Grafana over recorded series only: it asks nothing that the rules do not keep. */
export function grafanaDashboard(slos: readonly Slo[]): Readonly<Record<string, unknown>> {
  let [y, id] = [0, 0];
  const panels = slos.flatMap((slo) => {
    const row = {
      id: ++id,
      type: "row",
      title: slo.id,
      gridPos: { h: 1, w: columns, x: 0, y: y++ },
    };
    const own = panelsOf(slo).map((panel, index, all) => {
      const w = columns / all.length;
      return panelJson(panel, {
        id: ++id,
        gridPos: { h: heightOf.timeseries, w, x: index * w, y },
      });
    });
    y += heightOf.timeseries;
    return [row, ...own];
  });
  return {
    title: "Service level objectives",
    uid: "loadline-slo",
    schemaVersion: 38,
    version: 1,
    refresh: "1m",
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [{ name: "datasource", type: "datasource", query: "prometheus", label: "Data source" }],
    },
    panels,
  };
}

function panelsOf(slo: Slo): readonly Panel[] {
  const of = (record: string): string => `${record}{${idMatchers(slo)}}`;
  return [
    {
      title: "Error budget left",
      expr: of("slo:period_error_budget_remaining:ratio"),
      unit: "percentunit",
      type: "stat",
      legend: "left",
    },
    {
      title: "Burn rate",
      expr: of("slo:current_burn_rate:ratio"),
      unit: "short",
      type: "timeseries",
      legend: "5 m",
    },
    {
      title: "Share of bad events, 1 h",
      expr: of(shareRecord("1h")),
      unit: "percentunit",
      type: "timeseries",
      legend: "1 h",
    },
  ];
}

function panelJson(panel: Panel, place: object): object {
  const datasource = { type: "prometheus", uid: "${datasource}" };
  return {
    ...place,
    type: panel.type,
    title: panel.title,
    datasource,
    fieldConfig: { defaults: { unit: panel.unit }, overrides: [] },
    targets: [{ refId: "A", datasource, expr: panel.expr, legendFormat: panel.legend }],
  };
}

import { createTelemetry } from "../../packages/gateway/src/telemetry/telemetry.ts";
import { code, page, table } from "./markdown.ts";

export interface MetricRow {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The families of an OpenMetrics text with the labels their series carry, without `le`. */
export function metricRows(text: string): MetricRow[] {
  const rows: { name: string; type: string; labels: Set<string>; help: string }[] = [];
  for (const line of text.split("\n")) {
    const [, kind, name, rest] = /^# (TYPE|HELP|UNIT) (\S+) (.*)$/.exec(line) ?? [];
    const row = rows.find((known) => known.name === name);
    if (name !== undefined && rest !== undefined) {
      if (row === undefined) rows.push({ name, type: "", labels: new Set(), help: "" });
      const open = rows.find((known) => known.name === name);
      if (open !== undefined && kind === "TYPE") open.type = rest;
      if (open !== undefined && kind === "HELP") open.help = rest;
      continue;
    }
    const inBraces = /^[a-z_]+\{(.*?)\} /.exec(line)?.[1] ?? "";
    for (const [, label] of inBraces.matchAll(/(\w+)="/g)) {
      if (label !== undefined && label !== "le") rows.at(-1)?.labels.add(label);
    }
  }
  return rows.map((row) => ({ ...row, labels: [...row.labels] }));
}

export function metricsPage(): string {
  const names = { routes: ["route"], models: ["model"], targets: ["target"] };
  return page(
    "Metrics of the gateway",
    "`GET /metrics` answers in OpenMetrics text. Every series exists with 0 from the start; the " +
      "values of labels come from the configuration and from fixed lists, never from a client. A " +
      "counter's samples end in `_total`.",
    table(
      ["metric", "type", "labels", "what it counts"],
      metricRows(createTelemetry(names).render()).map((row) => [
        code(row.name),
        row.type,
        row.labels.map(code).join(", "),
        row.help,
      ]),
    ),
  );
}

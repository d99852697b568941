import type { SloDocument, SloOutputs } from "@loadline/contract";
import { stringify } from "yaml";

/** A file to write, by its path below the folder. */
export interface SloFile {
  readonly path: string;
  readonly text: string;
}

const head = "# Written by loadline slo compile; made again, not edited.\n";

/** Plain data as YAML, one line for each value. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** All rules in one file, for `rule_files` of Prometheus. */
export function sloRulesText({ objectives }: SloOutputs): string {
  return `${head}${yamlText({ groups: objectives.flatMap(({ rules }) => rules.groups) })}`;
}

/** The files of a compilation: rules and their tests by objective, and what is there once. */
export function sloFiles(
  outputs: SloOutputs,
  intervals: SloDocument["intervals"],
): readonly SloFile[] {
  const { objectives, alertmanager, routing, dashboard, openslo } = outputs;
  return [
    ...objectives.flatMap(({ id, rules, tests }) => [
      { path: `rules/${id}.yml`, text: `${head}${yamlText(rules)}` },
      ...(tests === null ? [] : [{ path: `tests/${id}.yml`, text: `${head}${yamlText(tests)}` }]),
    ]),
    { path: "prometheus.yml", text: `${head}${yamlText(prometheusConfig(intervals))}` },
    { path: "alertmanager.yml", text: `${head}${yamlText(alertmanager)}` },
    { path: "routing-cases.json", text: `${JSON.stringify(routing, null, 2)}\n` },
    { path: "dashboard.json", text: `${JSON.stringify(dashboard, null, 2)}\n` },
    { path: "openslo.yaml", text: `${head}${openSloText(openslo)}` },
  ];
}

/** What a Prometheus beside these files needs besides its scrape jobs. */
function prometheusConfig({ collectMs }: SloDocument["intervals"]): object {
  const interval = `${Math.max(1, Math.round(collectMs / 1000))}s`;
  return {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: ["rules/*.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:9093"] }] }] },
  };
}

/** OpenSLO documents as one file. */
export function openSloText(documents: readonly object[]): string {
  return documents.map(yamlText).join("---\n");
}

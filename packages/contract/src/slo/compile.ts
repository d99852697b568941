import type { Problem } from "../claim.ts";
import { alertmanagerConfig, mute, type RoutingCase, routingCases } from "./alertmanager.ts";
import { grafanaDashboard } from "./grafana.ts";
import type { SloDocument } from "./model.ts";
import { writeOpenSlo } from "./openslo-write.ts";
import { type PrometheusGroup, ruleGroupsOf } from "./prometheus.ts";
import { promtoolTests } from "./promtool.ts";
import type { Sample } from "./selector.ts";
import { isWatched, lintSlos, type SloLint } from "./slo-lint.ts";

/** All that follows from a file of objectives, as plain data. */
export interface SloOutputs {
  readonly objectives: readonly SloRules[];
  readonly alertmanager: Readonly<Record<string, unknown>>;
  readonly routing: readonly RoutingCase[];
  readonly dashboard: Readonly<Record<string, unknown>>;
  readonly openslo: readonly object[];
}

/** What watches one objective. */
export interface SloRules {
  readonly id: string;
  readonly rules: { readonly groups: readonly PrometheusGroup[] };
  /** For `promtool test rules` in a folder beside `rules`; null where no series can be made up. */
  readonly tests: Readonly<Record<string, unknown>> | null;
}

export type SloCompilation =
  | {
      readonly ok: true;
      readonly outputs: SloOutputs;
      readonly lint: SloLint;
      /** Receivers without an address: nobody hears what goes there. */
      readonly mute: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly lint: SloLint };

/** Lints and compiles; refuses the whole file for one objective that could not be watched. */
export function compileSlos(document: SloDocument, samples?: readonly Sample[]): SloCompilation {
  const lint = lintSlos(document.slos, samples);
  if (lint.problems.length > 0) return { ok: false, problems: lint.problems, lint };
  const slos = document.slos.filter(isWatched);
  const { receivers } = document;
  const outputs: SloOutputs = {
    objectives: slos.map((slo) => ({
      id: slo.id,
      rules: { groups: ruleGroupsOf(slo) },
      tests: promtoolTests(slo, `../rules/${slo.id}.yml`),
    })),
    alertmanager: alertmanagerConfig({ slos, receivers }),
    routing: routingCases({ slos, receivers }),
    dashboard: grafanaDashboard(slos.filter(({ sli }) => sli.kind !== "loss")),
    openslo: writeOpenSlo(slos),
  };
  return { ok: true, outputs, lint, mute: mute(document) };
}

import { TestClock } from "../../packages/kit/src/clock/index.ts";
import { createMetrics, growingLabel } from "../../packages/kit/src/metrics/index.ts";
import { createAuditMetrics } from "../../packages/gateway/src/audit-log/metrics.ts";
import { createDependencies } from "../../packages/gateway/src/health/dependencies.ts";
import { egressMetrics } from "../../packages/gateway/src/egress/metrics.ts";
import { createIdentityMetrics } from "../../packages/gateway/src/identity/metrics.ts";
import { compileLimits } from "../../packages/gateway/src/limits/dimension.ts";
import { createLimitMetrics } from "../../packages/gateway/src/limits/metrics.ts";
import { createMeteringMetrics } from "../../packages/gateway/src/metering/metrics.ts";
import { createSwapMetrics } from "../../packages/gateway/src/models/swap/metrics.ts";
import { objectMetrics } from "../../packages/gateway/src/objects/metrics.ts";
import { createPairs, createRoutingMetrics } from "../../packages/gateway/src/routing/metrics.ts";
import { createSelfProbeMetrics } from "../../packages/gateway/src/self-probe/metrics.ts";
import { createReloadMetrics } from "../../packages/gateway/src/snapshot/metrics.ts";
import { spoolMetrics, storeMetrics } from "../../packages/gateway/src/state/metrics.ts";
import { createTlsMetrics } from "../../packages/gateway/src/tls/metrics.ts";
import { createStreamMetrics } from "../../packages/gateway/src/stream/metrics.ts";
import { watchLoop } from "../../packages/gateway/src/telemetry/loop-delay.ts";
import { createTelemetry } from "../../packages/gateway/src/telemetry/telemetry.ts";
import { createWorkerMetrics } from "../../packages/gateway/src/workers/metrics.ts";
import { createTraceMetrics } from "../../packages/gateway/src/telemetry/traces/metrics.ts";
import { code, page, table } from "./markdown.ts";

export interface MetricRow {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The families of an OpenMetrics text with the labels their series carry, without `le`. */
export function metricRows(text: string): MetricRow[] {
  const help = new Map<string, string>();
  const type = new Map<string, string>();
  const labels = new Map<string, Set<string>>();
  let current = new Set<string>();
  for (const line of text.split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "HELP") help.set(name, rest);
    if (kind === "TYPE") type.set(name, rest);
    if (kind !== undefined) {
      current = labels.get(name) ?? new Set();
      labels.set(name, current);
    }
    for (const label of labelsOf(line)) current.add(label);
  }
  return [...labels].map(([name, known]) => ({
    name,
    type: type.get(name) ?? "",
    labels: [...known],
    help: help.get(name) ?? "",
  }));
}

function labelsOf(line: string): string[] {
  const inBraces = /^[a-z_]+\{(.*?)\} /.exec(line)?.[1] ?? "";
  return [...inBraces.matchAll(/(\w+)="/g)].flatMap(([, label]) =>
    label === undefined || label === "le" ? [] : [label],
  );
}

/** A limit of money, so that budgets have a series. */
const budget = {
  scope: "tenant",
  resource: "money",
  limit: 1,
  period: "day",
  estimate: "mean",
} as const;

/** Defines what a gateway defines at its start, with one value for each label that grows. */
export function metricsText(): string {
  const metrics = createMetrics();
  const routes = growingLabel(["route"]);
  const targets = growingLabel(["target"]);
  const routeTargets = createPairs();
  createTelemetry({ routesOrNone: routes, targets, routeTargets }, metrics);
  watchLoop(new TestClock(), metrics, { signal: AbortSignal.abort(), lateForMs: 0 });
  createTraceMetrics(metrics);
  createStreamMetrics(metrics);
  createRoutingMetrics(metrics, { routes, targets }, createPairs());
  createLimitMetrics(metrics, compileLimits([budget]));
  createMeteringMetrics(metrics, growingLabel(["model"]));
  createIdentityMetrics(metrics, {
    lagSeconds: () => 0,
    sizes: () => ({ positive: 0, negative: 0 }),
  });
  createAuditMetrics(metrics);
  createDependencies(metrics);
  storeMetrics(metrics);
  spoolMetrics(metrics);
  objectMetrics(metrics);
  egressMetrics(metrics, "provider");
  createSwapMetrics(metrics);
  createSelfProbeMetrics(metrics);
  createReloadMetrics(metrics, () => "");
  createWorkerMetrics(metrics, () => ({ restarts: 0, serving: 0 }));
  createTlsMetrics(metrics, () => 0);
  return metrics.render();
}

export function metricsPage(): string {
  return page(
    "Metrics of the gateway",
    "`GET /metrics` answers in OpenMetrics text. Every series exists with 0 from the start; the " +
      "values of labels come from the configuration and from fixed lists, never from a client. A " +
      "counter's samples end in `_total`.",
    table(
      ["metric", "type", "labels", "what it counts"],
      metricRows(metricsText()).map((row) => [
        code(row.name),
        row.type,
        row.labels.map(code).join(", "),
        row.help,
      ]),
    ),
  );
}

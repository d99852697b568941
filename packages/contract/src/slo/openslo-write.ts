import { burnAlerts, type BurnAlert } from "./burn-rate.ts";
import { boundMatcher } from "./expression.ts";
import { hourMs, type Sli, type Slo } from "./model.ts";
import { extendSelector } from "./selector.ts";
import { spanText } from "./write-document.ts";

export const openSloVersion = "openslo/v1";
/** Says of a policy which pair it is half of. */
const pairAnnotation = "loadline.dev/pair";
/** The names of OpenSLO have no dots. */
const nameOf = (text: string): string => text.replaceAll(/[._ ]/g, "-");

/** OpenSLO v1 documents of every SLO that counts events, with a policy for each half of a pair. */
export function writeOpenSlo(slos: readonly Slo[]): readonly object[] {
  return slos.flatMap((slo) => {
    const metric = metricOf(slo.sli);
    if (metric === null) return [];
    const policies = burnAlerts(slo, slo.alerts.mode).flatMap((alert) => policiesOf(slo, alert));
    return [sloDocument(slo, metric, policies), ...policies];
  });
}

interface Policy {
  readonly apiVersion: string;
  readonly kind: "AlertPolicy";
  readonly metadata: {
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: object;
}

function sloDocument(slo: Slo, metric: object, policies: readonly Policy[]): object {
  const { method } = slo;
  const isSliced = method.kind === "timeslices";
  const objective = isSliced
    ? {
        target: slo.objective,
        timeSliceTarget: method.target,
        timeSliceWindow: spanText(method.sliceMs),
      }
    : { target: slo.objective };
  return {
    apiVersion: openSloVersion,
    kind: "SLO",
    metadata: {
      name: nameOf(slo.id),
      displayName: slo.id,
      ...(slo.runbook !== undefined && { annotations: { runbook: slo.runbook } }),
    },
    spec: {
      service: slo.service,
      ...(slo.description !== undefined && { description: slo.description }),
      indicator: { metadata: { name: `${nameOf(slo.id)}-sli` }, spec: { ratioMetric: metric } },
      timeWindow: [{ duration: windowText(slo.windowMs), isRolling: true }],
      budgetingMethod: isSliced ? "Timeslices" : "Occurrences",
      objectives: [objective],
      alertPolicies: policies.map(({ metadata }) => ({ alertPolicyRef: metadata.name })),
    },
  };
}

/** OpenSLO knows minutes, hours and days. */
function windowText(ms: number): string {
  const text = spanText(ms);
  return /[smhd]$/.test(text) && !text.endsWith("ms") ? text : `${Math.ceil(ms / hourMs)}h`;
}

const source = (query: string): object => ({
  metricSource: { type: "Prometheus", spec: { query } },
});

/** Counters of events; null where time is counted, which OpenSLO has no metric for. */
function metricOf(sli: Sli): object | null {
  if (sli.kind === "latency" && sli.histogram !== undefined) {
    const good = extendSelector(sli.histogram, "_bucket", boundMatcher(sli.underMs));
    return {
      counter: true,
      good: source(good),
      total: source(extendSelector(sli.histogram, "_count", "")),
    };
  }
  if (sli.kind !== "ratio" || sli.total === undefined) return null;
  return {
    counter: true,
    ...(sli.bad !== undefined && { bad: source(sli.bad) }),
    ...(sli.bad === undefined && sli.good !== undefined && { good: source(sli.good) }),
    total: source(sli.total),
  };
}

/** A policy has one condition, so a pair becomes two that name each other's pair. */
function policiesOf(slo: Slo, alert: BurnAlert): Policy[] {
  const base = `${nameOf(slo.id)}-${nameOf(alert.id)}`;
  const annotations = { [pairAnnotation]: base };
  return (
    [
      ["long", alert.longMs],
      ["short", alert.shortMs],
    ] as const
  ).map(([half, ms]) => ({
    apiVersion: openSloVersion,
    kind: "AlertPolicy",
    metadata: { name: `${base}-${half}`, annotations },
    spec: {
      description: `${alert.id}: both halves of ${base} have to hold.`,
      alertWhenNoData: false,
      alertWhenBreaching: true,
      conditions: [
        {
          kind: "AlertCondition",
          metadata: { name: `${base}-${half}-condition` },
          spec: {
            severity: alert.severity,
            condition: {
              kind: "burnrate",
              op: "gt",
              threshold: alert.factor,
              lookbackWindow: spanText(ms),
              alertAfter: "0m",
            },
          },
        },
      ],
      notificationTargets: [],
    },
  }));
}

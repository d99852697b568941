import { percentText } from "./claims.ts";
import type { Sli, Slo, SloDocument } from "./model.ts";
import { sloSchemaId } from "./read-document.ts";

const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1000, "s"],
  [1, "ms"],
] as const;

/** `30d`, `1h`, `15s`: the largest unit that divides it. */
export function spanText(ms: number): string {
  const [unitMs, unit] = units.find(([size]) => ms >= size && ms % size === 0) ?? [1, "ms"];
  return `${ms / unitMs}${unit}`;
}

/** Objectives in our own form, as plain data for a file. */
export function writeSloDocument(document: SloDocument): Readonly<Record<string, unknown>> {
  const { slos, receivers, intervals, profile } = document;
  return {
    schema: sloSchemaId,
    ...(profile !== undefined && { profile }),
    intervals: { collect: spanText(intervals.collectMs), health: spanText(intervals.healthMs) },
    ...(receivers.length > 0 && { receivers }),
    slos: slos.map(writeSlo),
  };
}

function writeSlo(slo: Slo): object {
  const { id, service, description, runbook, labels, method, alerts, escalation, traffic } = slo;
  return {
    id,
    service,
    ...(description !== undefined && { description }),
    sli: writeSli(slo.sli),
    objective: percentText(slo.objective),
    window: spanText(slo.windowMs),
    ...(method.kind === "timeslices" && {
      method: { slice: spanText(method.sliceMs), target: percentText(method.target) },
    }),
    traffic,
    alerts: {
      mode: alerts.mode,
      ...(alerts.static.length > 0 && {
        static: alerts.static.map(({ severity, overMs, above }) => ({
          severity,
          over: spanText(overMs),
          above: percentText(above),
        })),
      }),
    },
    ...(escalation.length > 0 && {
      escalation: escalation.map(({ afterMs, to }) => ({ after: spanText(afterMs), to })),
    }),
    ...(runbook !== undefined && { runbook }),
    ...(labels !== undefined && { labels }),
  };
}

function writeSli(sli: Sli): object {
  if (sli.kind === "latency") {
    const { kind, underMs, ...rest } = sli;
    return { kind, under: spanText(underMs), ...rest };
  }
  if (sli.kind !== "freshness") return sli;
  const { kind, withinMs, ...rest } = sli;
  return { kind, within: spanText(withinMs), ...rest };
}

import { type AlertMode, dayMs, hourMs, minuteMs } from "./model.ts";

/** Two windows that both have to burn the budget too fast. */
export interface BurnPair {
  readonly id: "page fast" | "page slow" | "ticket fast" | "ticket slow";
  readonly severity: "page" | "ticket";
  /** Share of the whole budget that is gone when it fires. */
  readonly share: number;
  readonly longMs: number;
  readonly shortMs: number;
}

/** The pairs of every burn alert; a short window is a twelfth of its long one. */
export const burnPairs: readonly BurnPair[] = [
  { id: "page fast", severity: "page", share: 0.02, longMs: hourMs, shortMs: 5 * minuteMs },
  { id: "page slow", severity: "page", share: 0.05, longMs: 6 * hourMs, shortMs: 30 * minuteMs },
  { id: "ticket fast", severity: "ticket", share: 0.1, longMs: dayMs, shortMs: 2 * hourMs },
  { id: "ticket slow", severity: "ticket", share: 0.1, longMs: 3 * dayMs, shortMs: 6 * hourMs },
];

/** What is promised, as far as burn rates see it. */
export interface Promised {
  readonly objective: number;
  readonly windowMs: number;
}

/** A pair with the error share above which it fires. */
export interface BurnAlert extends BurnPair {
  readonly factor: number;
  readonly threshold: number;
}

/** A lowered factor leaves this share of an outage as the threshold. */
const adaptedShare = 0.9;

const rounded = (value: number): number => Number(value.toPrecision(12));

/** How many times faster than even the budget burns when the pair's share is gone in its window. */
export function burnFactor(pair: BurnPair, windowMs: number): number {
  return rounded((pair.share * windowMs) / pair.longMs);
}

/** Error share at which the budget burns `factor` times as fast as even. */
export function burnThreshold(factor: number, objective: number): number {
  return rounded(factor * (1 - objective));
}

/** The pairs that can fire; with `adapt` those that could not get a lower factor. */
export function burnAlerts(promised: Promised, mode: AlertMode): readonly BurnAlert[] {
  if (mode === "static") return [];
  const budget = 1 - promised.objective;
  const alerts: BurnAlert[] = [];
  for (const pair of burnPairs) {
    const full = burnFactor(pair, promised.windowMs);
    const isPossible = rounded(full * budget) < 1;
    if (mode === "ticket-only" && pair.severity === "page") continue;
    if (!isPossible && mode !== "adapt") continue;
    const factor = isPossible ? full : rounded(adaptedShare / budget);
    alerts.push({ ...pair, factor, threshold: burnThreshold(factor, promised.objective) });
  }
  return alerts;
}

/**
 * Time from the begin of a steady error share to the alert, ms, after `historyMs` without errors;
 * null when it never fires. Without history the long window is taken as filled.
 */
export function detectionMs(
  { threshold, longMs }: Pick<BurnAlert, "threshold" | "longMs">,
  errorShare: number,
  historyMs: number = longMs,
): number | null {
  if (errorShare <= threshold) return null;
  const partial = (threshold * historyMs) / (errorShare - threshold);
  const isPartial = historyMs < longMs && partial + historyMs <= longMs;
  return rounded(isPartial ? partial : (threshold * longMs) / errorShare);
}

/** Earliest alert of a severity, ms; null when none fires. */
export function firstAlertMs(
  alerts: readonly BurnAlert[],
  severity: BurnPair["severity"],
  fault: { readonly errorShare: number; readonly historyMs?: number },
): number | null {
  const times = alerts
    .filter((alert) => alert.severity === severity)
    .map((alert) => detectionMs(alert, fault.errorShare, fault.historyMs ?? alert.longMs))
    .filter((ms) => ms !== null);
  return times.length === 0 ? null : Math.min(...times);
}

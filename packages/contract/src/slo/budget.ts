import { daysText, percentText } from "./claims.ts";
import type { Slo } from "./model.ts";

/** Counters at one time, as they stood: they grow, or begin anew with a restart. */
export interface BudgetPoint {
  readonly atMs: number;
  readonly events: number;
  readonly bad: number;
}

/** What is left of an error budget. */
export interface BudgetState {
  readonly id: string;
  readonly state: "left" | "exhausted" | "not_enough_history" | "no_data";
  /** Time that the points cover, at most the period, ms. */
  readonly historyMs: number;
  readonly events: number;
  readonly bad: number;
  /** Share of the period's budget that is used; null where that cannot be told. */
  readonly consumed: number | null;
  readonly remaining: number | null;
  /** How many times faster than even it burns, over the last 6 h or what there is of them. */
  readonly burnRate: number | null;
  /** When it is used up at that rate, Unix time in ms; null: not within the period. */
  readonly exhaustedAtMs: number | null;
  readonly text: string;
}

const sixHoursMs = 6 * 3_600_000;
/** Less of the period than this says nothing about it. */
const historyShareMin = 0.01;

/**
 * The error budget of an SLO by counters over time, rising in `atMs`. What the history does not
 * cover is taken as without errors and with the traffic of the rest.
 */
export function budgetOf(slo: Slo, points: readonly BudgetPoint[], nowMs: number): BudgetState {
  const inPeriod = points.filter(({ atMs }) => atMs <= nowMs && atMs >= nowMs - slo.windowMs);
  const whole = growth(inPeriod);
  const nothing = {
    id: slo.id,
    historyMs: whole.ms,
    events: whole.events,
    bad: whole.bad,
    consumed: null,
    remaining: null,
    burnRate: null,
    exhaustedAtMs: null,
  };
  if (whole.ms < slo.windowMs * historyShareMin) {
    const text = `not enough history: ${daysText(whole.ms)} of ${daysText(slo.windowMs)}`;
    return { ...nothing, state: "not_enough_history", text };
  }
  const budget = 1 - slo.objective;
  if (whole.events === 0 || budget <= 0) {
    return { ...nothing, state: "no_data", text: "no event was counted" };
  }
  const consumed = Number(
    (((whole.bad / whole.events) * (whole.ms / slo.windowMs)) / budget).toPrecision(12),
  );
  const remaining = 1 - consumed;
  const recent = growth(inPeriod.filter(({ atMs }) => atMs >= nowMs - sixHoursMs));
  const burnRate = recent.events === 0 ? null : recent.bad / recent.events / budget;
  const exhaustedAtMs = exhaustion({ nowMs, remaining, burnRate, windowMs: slo.windowMs });
  return {
    ...nothing,
    state: remaining <= 0 ? "exhausted" : "left",
    consumed,
    remaining,
    burnRate,
    exhaustedAtMs,
    text: textOf(slo, { consumed, remaining, burnRate, exhaustedAtMs }),
  };
}

/** Growth of counters that fall only where a restart set them back. */
function growth(points: readonly BudgetPoint[]): { ms: number; events: number; bad: number } {
  let [events, bad] = [0, 0];
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    if (before === undefined) continue;
    const isRestart = point.events < before.events || point.bad < before.bad;
    events += point.events - (isRestart ? 0 : before.events);
    bad += point.bad - (isRestart ? 0 : before.bad);
  }
  return { ms: (points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0), events, bad };
}

function exhaustion(o: {
  readonly nowMs: number;
  readonly remaining: number;
  readonly burnRate: number | null;
  readonly windowMs: number;
}): number | null {
  if (o.remaining <= 0) return o.nowMs;
  if (o.burnRate === null || o.burnRate === 0) return null;
  const leftMs = (o.remaining * o.windowMs) / o.burnRate;
  return leftMs > o.windowMs ? null : Math.round(o.nowMs + leftMs);
}

function textOf(
  slo: Slo,
  s: Pick<BudgetState, "consumed" | "remaining" | "burnRate" | "exhaustedAtMs">,
): string {
  const percent = (share: number | null): string => percentText(Number((share ?? 0).toFixed(4)));
  const outage = daysText((1 - slo.objective) * slo.windowMs * Math.max(0, s.remaining ?? 0));
  const used = `${percent(s.consumed)} used, ${percent(s.remaining)} left (${outage} of a total outage)`;
  if ((s.remaining ?? 0) <= 0) return `${used}; it is exhausted`;
  if (s.burnRate === null) return `${used}; nothing was counted in the last 6 h`;
  const rate = `burns ${Number(s.burnRate.toPrecision(3))} times as fast as even`;
  return s.exhaustedAtMs === null
    ? `${used}; ${rate}: it lasts the period`
    : `${used}; ${rate}: exhausted at ${new Date(s.exhaustedAtMs).toISOString()}`;
}

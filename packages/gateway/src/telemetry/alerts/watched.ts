import { modelRequests } from "./model-requests.ts";
import { type AlertRule, minuteMs, type RuleGroup } from "./rule.ts";

/** Events below which a share says nothing. */
export const minEvents = 100;
const window = "15m";

/** A share that is watched, over 15 minutes. */
export interface Watched {
  readonly id: string;
  readonly alert: string;
  /** Selector of what is too much of it, or of what is not. */
  readonly part: string;
  /** `part` is what is in order; the rest of the whole is not. */
  readonly isGood: boolean;
  /** Selector of all events. */
  readonly whole: string;
  /** Share of `whole` that `part` may be, 0 to 1. */
  readonly most: number;
  /** What is counted, after "x % of". */
  readonly of: string;
  /** What the part is, after "were". */
  readonly were: string;
  readonly remedy: string;
}

/**
 * Shares that tell whether limits, keys and the gateway's own part are in order. The 100 ms are
 * watched as a share, since the histogram ends there: its p99 can never be read as more.
 */
export const watched: readonly Watched[] = [
  {
    id: "limit_hits",
    alert: "LimitHits",
    part: 'loadline_limit_decisions_total{scope!="address",decision="refused"}',
    isGood: false,
    whole: modelRequests,
    most: 0.05,
    of: "model requests",
    were: "refused by a limit",
    remedy:
      "See loadline_limit_decisions_total by scope and resource for the limit that is hit. Raise " +
      "it under limits: in the configuration, or have the caller send less; if one tenant uses up " +
      "a global limit, give tenants limits of their own.",
  },
  {
    id: "auth_failures",
    alert: "AuthFailures",
    part: 'loadline_auth_total{outcome="refused"}',
    isGood: false,
    whole: "loadline_auth_total",
    most: 0.01,
    of: "authentications",
    were: "refused",
    remedy:
      "See loadline_auth_total by code. LL_AUTH_EXPIRED or LL_AUTH_REVOKED: a client needs its " +
      "new key (loadline keys rotate). LL_AUTH_INVALID from few addresses: somebody guesses; " +
      "find them with loadline audit-log query and bind keys to addresses.",
  },
  {
    id: "overhead_over_100ms",
    alert: "OverheadHigh",
    part: 'loadline_overhead_seconds_bucket{le="0.1"}',
    isGood: true,
    whole: "loadline_overhead_seconds_count",
    most: 0.01,
    of: "model requests",
    were: "held longer than 100 ms by the gateway itself",
    remedy:
      "Compare loadline_event_loop_delay_seconds and process_cpu_seconds_total: a full core wants " +
      "more workers or replicas. With an idle core look at loadline_dependency_state and the " +
      "store's latency in /health.",
  },
];

function ratio({ part, whole, isGood }: Watched): string {
  const share = `sum(rate(${part}[${window}])) / (sum(rate(${whole}[${window}])) > 0)`;
  return isGood ? `1 - ${share}` : share;
}

const recordName = (row: Watched): string => `loadline:${row.id}:ratio_rate15m`;

function alertOf(row: Watched): AlertRule {
  return {
    name: row.alert,
    expr: `${recordName(row)} > ${row.most} and sum(increase(${row.whole}[${window}])) >= ${minEvents}`,
    holdMs: 0,
    severity: "ticket",
    summary: `{{ $value | humanizePercentage }} of ${row.of} were ${row.were} in 15 minutes.`,
    remedy: row.remedy,
  };
}

const changes = "loadline:breaker_changes:increase1h";

/** The four figures of R0-27: what is recorded of each, and when somebody is told. */
export const watchedGroup: RuleGroup = {
  name: "loadline-watched",
  recordings: [
    ...watched.map((row) => ({ record: recordName(row), expr: ratio(row) })),
    {
      record: changes,
      expr: 'sum by (job, instance, target) (increase(loadline_breaker_transitions_total{to="open"}[1h]))',
    },
  ],
  alerts: [
    ...watched.map(alertOf),
    {
      name: "BreakerFlapping",
      expr: `${changes} > 6`,
      holdMs: minuteMs,
      severity: "ticket",
      summary: "The breaker of {{ $labels.target }} opened {{ $value | humanize }} times in 1 h.",
      remedy:
        "See loadline_upstream_attempts_total of the target by class. An upstream that fails now " +
        "and then wants a smaller share or a later place in its group; a breaker that opens on too " +
        "little wants a higher breaker.minVolume (try it: loadline breaker simulate).",
    },
  ],
};

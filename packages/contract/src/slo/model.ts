/** What a service promises over a period. All times in ms, all shares 0..1. */
import type { Claim, ClaimKind } from "../claim.ts";

/** One event is good or bad; `bad` or `good` and `total` select counters. */
export interface RatioSli {
  readonly kind: "ratio";
  /** Selector of the counter of bad events, such as `calls_total{code=~"5.."}`. */
  readonly bad?: string;
  /** Selector of good events; used where `bad` is not given. */
  readonly good?: string;
  readonly total?: string;
}

/** An event is good when it took less than `underMs`; failed ones are those of a ratio. */
export interface LatencySli {
  readonly kind: "latency";
  readonly underMs: number;
  /** Selector of the histogram without `_bucket` and `le`, in seconds. */
  readonly histogram?: string;
  /** Bounds the histogram is known to have, seconds, rising. */
  readonly bounds?: readonly number[];
}

/** Acknowledged records that are gone. */
export interface LossSli {
  readonly kind: "loss";
  /** Selector of a counter of lost records. */
  readonly lost?: string;
}

/** A minute is good when so many events a second ended well in it. */
export interface ThroughputSli {
  readonly kind: "throughput";
  readonly minPerSecond: number;
  /** Selector of the counter of good events. */
  readonly good?: string;
}

/** A minute is good when the newest data is no older than `withinMs`. */
export interface FreshnessSli {
  readonly kind: "freshness";
  readonly withinMs: number;
  /** Selector of a gauge that holds the Unix time of the newest data, seconds. */
  readonly timestamp?: string;
}

export type Sli = RatioSli | LatencySli | LossSli | ThroughputSli | FreshnessSli;

/** How events become a budget: each counts, or each slice of time counts as good or bad. */
export type BudgetMethod =
  | { readonly kind: "occurrences" }
  | { readonly kind: "timeslices"; readonly sliceMs: number; readonly target: number };

/** An alert on the share of bad events in one window, without burn rates. */
export interface StaticAlert {
  readonly severity: "page" | "ticket";
  readonly overMs: number;
  /** Share of bad events above which it fires. */
  readonly above: number;
}

/** `burn`: pages and tickets. `adapt`: factors are lowered until they can fire. */
export const alertModes = ["burn", "adapt", "ticket-only", "static"] as const;
export type AlertMode = (typeof alertModes)[number];

export interface EscalationLevel {
  /** How long a page lasts before this level hears of it. */
  readonly afterMs: number;
  /** Name of a receiver. */
  readonly to: string;
}

/** One promise of one service. */
export interface Slo {
  /** Dotted and lower-case, such as `chat.availability`. */
  readonly id: string;
  readonly service: string;
  readonly description?: string;
  readonly sli: Sli;
  /** Share of good events, 0..1. */
  readonly objective: number;
  readonly windowMs: number;
  readonly method: BudgetMethod;
  readonly traffic: { readonly expectedRps?: number; readonly minEvents: number };
  readonly alerts: { readonly mode: AlertMode; readonly static: readonly StaticAlert[] };
  readonly escalation: readonly EscalationLevel[];
  readonly runbook?: string;
  /** Labels that every alert of it carries besides its own. */
  readonly labels?: Readonly<Record<string, string>>;
}

export const receiverKinds = ["chat", "pager", "mail", "webhook"] as const;

/** Who is told. Secrets are files that Alertmanager reads, never values. */
export interface Receiver {
  readonly name: string;
  readonly kind: (typeof receiverKinds)[number];
  /** chat: file with the address. pager: file with the key. webhook: URL. mail: address. */
  readonly to?: string;
  /** mail: host and port that sends. */
  readonly via?: string;
}

/** A claim that an SLO leads to; `zero_loss` is decided by drills. */
export type SloClaim = Omit<Claim, "kind"> & { readonly kind: ClaimKind | "zero_loss" };

/** All that one file promises. */
export interface SloDocument {
  readonly slos: readonly Slo[];
  readonly receivers: readonly Receiver[];
  readonly intervals: { readonly collectMs: number; readonly healthMs: number };
  /** Profile of the validation that the file asks for. */
  readonly profile?: string;
  /** Claims that are no share of events: timeouts, rotation, recovery. */
  readonly claims: readonly SloClaim[];
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
export const minEventsDefault = 20;
export const defaultIntervals = { collectMs: 15_000, healthMs: 30_000 } as const;

/** An SLO with nothing but what it must have. */
export function plainSlo(
  slo: Pick<Slo, "id" | "service" | "sli" | "objective" | "windowMs"> & Partial<Slo>,
): Slo {
  return {
    method: { kind: "occurrences" },
    traffic: { minEvents: minEventsDefault },
    alerts: { mode: slo.windowMs < 7 * dayMs ? "static" : "burn", static: [] },
    escalation: [],
    ...slo,
  };
}

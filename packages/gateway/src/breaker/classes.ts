import type { BreakerOutcome } from "@loadline/kit/circuit-breaker";
import type { AttemptOutcome } from "../routing/attempts.ts";

/** What an attempt's end means for its target, its upstream key and what is tried next. */
export interface OutcomeEffect {
  readonly target: BreakerOutcome;
  /** The target gets no call until its Retry-After is over. */
  readonly coolsTarget: boolean;
  /** `good` proves the key, `cool` rests it, `out` takes it away, `none` says nothing of it. */
  readonly key: "good" | "cool" | "out" | "none";
  readonly next: "target" | "key" | "never";
}

const failure: OutcomeEffect = {
  target: "failure",
  coolsTarget: false,
  key: "none",
  next: "target",
};
const neutral: OutcomeEffect = {
  target: "neutral",
  coolsTarget: false,
  key: "none",
  next: "never",
};

/** Each class of outcome: the table of the breaker, in data. */
export const outcomeEffects: Readonly<Record<AttemptOutcome, OutcomeEffect>> = {
  ok: { target: "success", coolsTarget: false, key: "good", next: "never" },
  connect: failure,
  timeout: failure,
  reset: failure,
  protocol: failure,
  bad_body: failure,
  bad_event: failure,
  stream_cut: failure,
  stall: failure,
  server: failure,
  misconfigured: failure,
  overloaded: { ...failure, coolsTarget: true },
  busy: { ...neutral, next: "target" },
  rate_limited: { ...neutral, key: "cool", next: "key" },
  key: { ...neutral, key: "out", next: "key" },
  caller: neutral,
  aborted: neutral,
  left: neutral,
  unasked: { ...neutral, next: "target" },
};

const noHeaderWaitMs = 1000;
const retryAfterMaxMs = 3_600_000;

/** How long an upstream asked to be left alone: its Retry-After up to an hour, else a second. */
export function coolingMs(retryAfterMs: number | undefined): number {
  return Math.min(retryAfterMs ?? noHeaderWaitMs, retryAfterMaxMs);
}

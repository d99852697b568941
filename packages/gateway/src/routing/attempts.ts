import type { FailureClass } from "../upstream/upstream.ts";
import type { UpstreamKey } from "../upstream/upstream.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Target } from "./routes.ts";

/**
 * How an attempt ended for breakers, key states and statistics. `left` is neutral; `unasked`, too: the
 * target cannot be asked this, so nothing was sent and the next one is tried.
 */
export type AttemptOutcome = FailureClass | "ok" | "left" | "unasked";

/** The right to make one attempt; ended exactly once, a second call does nothing. */
export interface Permit {
  readonly target: Target;
  /** The upstream credential to use; undefined when the target needs none. */
  readonly key: UpstreamKey | undefined;
  readonly isHedge: boolean;
  /** First content came `ttftMs` after the attempt started; `atMs` spares a look at the clock. */
  content(ttftMs: number, atMs?: number): void;
  end(outcome: AttemptOutcome, retryAfterMs?: number, atMs?: number): void;
}

export type NextAttempt =
  | { readonly kind: "attempt"; readonly permit: Permit }
  /** Nothing usable now, but waiting this long (bounded by retry.waitMax) is worth it. */
  | { readonly kind: "wait"; readonly waitMs: number }
  /** Nothing more will be tried. `retryAfterMs`: the soonest a target may be usable again. */
  | { readonly kind: "none"; readonly retryAfterMs: number };

/** The attempts of one exchange, decided one at a time. */
export interface AttemptPlan {
  /**
   * The next attempt. A permit is ended before `next` asks for what follows its failure; while one
   * is open, `next` asks for a hedge beside it (`isHedge`), which may be refused with `none`.
   */
  next(): NextAttempt;
  /** The attempt at the target that the route names for prompts too long for the one before. */
  longer(): Permit | undefined;
  /** ms after which a hedge may start, or -1 when this exchange is not hedged. */
  readonly hedgeAfterMs: number;
}

/** Decides where the attempts of an exchange go. */
export interface Router {
  plan(x: Exchange): AttemptPlan;
  /** Some target of the exchange's route serves its operation. */
  serves(x: Exchange): boolean;
}

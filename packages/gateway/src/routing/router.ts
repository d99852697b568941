import type { Exchange } from "../pipeline/exchange.ts";
import type { AttemptPlan, NextAttempt, Permit, Router } from "./attempts.ts";
import type { Target } from "./routes.ts";
import { servesOperation } from "./serves.ts";

const attemptsMax = 3;
const noTargetRetryMs = 1000;

/** The targets of the exchange's route that are ready, in order of preference. */
export function createRouter(): Router {
  return {
    plan: (x) => new Plan(x),
    serves: (x) => (x.route?.targets ?? []).some((target) => servesOperation(target, x)),
  };
}

class Plan implements AttemptPlan {
  readonly hedgeAfterMs = -1;
  readonly #x: Exchange;
  #position = 0;
  #attempts = 0;

  constructor(x: Exchange) {
    this.#x = x;
  }

  next(): NextAttempt {
    const targets = this.#x.route?.targets ?? [];
    while (this.#attempts < attemptsMax && this.#position < targets.length) {
      const target = targets[this.#position++];
      if (!target || !servesOperation(target, this.#x) || !target.upstream.isReady()) continue;
      this.#attempts++;
      return { kind: "attempt", permit: new PlainPermit(target) };
    }
    return { kind: "none", retryAfterMs: noTargetRetryMs };
  }
}

class PlainPermit implements Permit {
  readonly target: Target;
  readonly key = undefined;
  readonly isHedge = false;

  constructor(target: Target) {
    this.target = target;
  }

  content(): void {
    // Statistics begin with the first strategy that needs them.
  }

  end(): void {
    // Nothing is held for a plain permit.
  }
}

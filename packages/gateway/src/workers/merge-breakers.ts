import type { BreakerView } from "../breaker/board.ts";

const order = ["closed", "half_open", "open"] as const;

/** Breakers of all workers as one list: each in its worst state, counts added up. */
export function mergeBreakers(lists: readonly (readonly BreakerView[])[]): BreakerView[] {
  const merged = new Map<string, BreakerView>();
  for (const view of lists.flat()) {
    const known = merged.get(view.id);
    merged.set(view.id, known ? both(known, view) : view);
  }
  return [...merged.values()];
}

function both(a: BreakerView, b: BreakerView): BreakerView {
  const isWorse = order.indexOf(b.state) > order.indexOf(a.state);
  return {
    id: a.id,
    target: a.target,
    state: isWorse ? b.state : a.state,
    override: a.override ?? b.override,
    retryAfterMs: Math.max(a.retryAfterMs, b.retryAfterMs),
    outcomes: a.outcomes + b.outcomes,
    failures: a.failures + b.failures,
    inFlight: a.inFlight + b.inFlight,
    rampShare: Math.min(a.rampShare, b.rampShare),
  };
}

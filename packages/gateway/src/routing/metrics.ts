import { type BreakerState, breakerStates } from "@loadline/kit/circuit-breaker";
import { type GrowingLabel, growingLabel, type Metrics } from "@loadline/kit/metrics";
import { failureClasses } from "../upstream/upstream.ts";
import type { AttemptOutcome } from "./attempts.ts";

const switchBounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5];
const hedgeOutcomes = ["started", "won", "refused"] as const;
const retryOutcomes = ["taken", "refused"] as const;
/** Value of each state's gauge. */
const stateValues: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Every route and target that the process ever had. */
export interface RoutingNames {
  readonly routes: GrowingLabel;
  readonly targets: GrowingLabel;
}

const otherPair = "_other,_other";
const pairsMax = 256;

/** Pairs of targets of which one may follow the other; beyond 256 they are `_other`. */
export function createPairs(): GrowingLabel {
  return growingLabel([otherPair], pairsMax);
}

/** Adds the pairs of a route's targets, as far as they fit. */
export function growPairs(pairs: GrowingLabel, targets: readonly string[]): void {
  const fresh = new Set<string>();
  const isFull = (): boolean => pairs.values.length + fresh.size >= pairsMax;
  for (const from of targets) {
    for (const to of targets) {
      if (isFull()) break;
      const pair = `${from},${to}`;
      if (to !== from && pairs.indexOf(pair) < 0) fresh.add(pair);
    }
    if (isFull()) break;
  }
  pairs.grow([...fresh]);
}

export interface RoutingMetrics {
  /** First content of the next target, `ms` after the failure of the one before. */
  onSwitch(route: number, ms: number): void;
  /** `to` is tried after an attempt at `from` ended so. */
  onFailover(from: string, to: string, outcome: AttemptOutcome): void;
  onHedge(outcome: (typeof hedgeOutcomes)[number]): void;
  onRetry(target: number, isTaken: boolean): void;
  onTransition(target: number, from: BreakerState, to: BreakerState): void;
  setState(target: number, state: BreakerState): void;
  /** How many of a target's keys are in each state. */
  setKeys(target: number, counts: Readonly<Record<BreakerState, number>>): void;
  setPool(route: number, ready: number, min: number): void;
}

/**
 * Series of routing and breakers; targets and routes by their position among all names there ever
 * were.
 */
export function createRoutingMetrics(
  metrics: Metrics,
  names: RoutingNames,
  pairs: GrowingLabel,
): RoutingMetrics {
  const route = names.routes;
  const target = names.targets;
  const switches = metrics.histogram(
    "loadline_switch_seconds",
    "From a detected failure to the first content of the next target.",
    { route },
    switchBounds,
  );
  const failovers = metrics.counter(
    "loadline_failovers",
    "Attempts that went to another target of the route.",
    { "from,to": pairs, reason: failureClasses },
  );
  const hedges = metrics.counter("loadline_hedges", "Second targets beside a slow first.", {
    outcome: hedgeOutcomes,
  });
  const retries = metrics.counter("loadline_retries", "Retries at the same target.", {
    target,
    outcome: retryOutcomes,
  });
  const state = metrics.gauge("loadline_breaker_state", "0 closed, 1 half-open, 2 open.", {
    target,
  });
  const transitions = metrics.counter("loadline_breaker_transitions", "Changes of state.", {
    target,
    from: breakerStates,
    to: breakerStates,
  });
  const keys = metrics.gauge(
    "loadline_upstream_keys",
    "Upstream keys by state: open ones rest or are out.",
    { target, state: breakerStates },
  );
  const ready = metrics.gauge("loadline_pool_ready", "Targets kept warm and ready.", { route });
  const min = metrics.gauge("loadline_pool_min", "Targets that are to be ready.", { route });
  const classIndex = new Map<string, number>(failureClasses.map((name, i) => [name, i]));
  const width = failureClasses.length;
  const states = breakerStates.length;
  return {
    onSwitch: (r, ms) => switches.observe(r, ms / 1000),
    onFailover(from, to, outcome) {
      const pair = Math.max(0, pairs.indexOf(`${from},${to}`));
      failovers.add(pair * width + (classIndex.get(outcome) ?? 0));
    },
    onHedge: (outcome) => hedges.add(hedgeOutcomes.indexOf(outcome)),
    onRetry: (t, isTaken) => retries.add(t * retryOutcomes.length + (isTaken ? 0 : 1)),
    onTransition: (t, from, to) =>
      transitions.add(
        (t * states + breakerStates.indexOf(from)) * states + breakerStates.indexOf(to),
      ),
    setState: (t, name) => state.set(t, stateValues[name]),
    setKeys(t, counts) {
      breakerStates.forEach((name, i) => keys.set(t * states + i, counts[name]));
    },
    setPool(r, count, least) {
      ready.set(r, count);
      min.set(r, least);
    },
  };
}

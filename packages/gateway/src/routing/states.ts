import { type BreakerSettings, CircuitBreaker } from "@loadline/kit/circuit-breaker";
import type { Random } from "@loadline/kit/random";
import type { Board } from "../breaker/board.ts";
import { createPrices, type Price } from "../budgets/prices.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Controls } from "../controls.ts";
import { breakerSettings, targetRoutingConfig, targetRoutingKeys } from "./config.ts";
import { cadencesOf } from "./cadences.ts";
import type { Target } from "./routes.ts";
import { TargetState, type TargetTuning, type TokenPrice } from "./target-state.ts";

export interface StatesDeps {
  readonly board: Board;
  readonly random: Random;
  readonly controls: Partial<Controls> | undefined;
  wallMs(): number;
  /** Label index of a target in the metrics. */
  indexOf(target: string): number;
}

/** The routing keys of a target's settings, and the rest, which is its provider's. */
export function splitTarget(settings: Readonly<Record<string, unknown>>): {
  readonly routing: Record<string, unknown>;
  readonly provider: Record<string, unknown>;
} {
  const entries = Object.entries(settings);
  const isRouting = ([key]: [string, unknown]): boolean => targetRoutingKeys.includes(key);
  return {
    routing: Object.fromEntries(entries.filter(isRouting)),
    provider: Object.fromEntries(entries.filter((entry) => !isRouting(entry))),
  };
}

/**
 * The state of every target by name, in configuration order. One whose target is still open and
 * breaker is set up as before keeps it, its keys and its latency.
 */
export function createStates(
  config: GatewayConfig,
  targets: ReadonlyMap<string, Target>,
  deps: StatesDeps & { readonly before?: ReadonlyMap<string, TargetState> | undefined },
): Map<string, TargetState> {
  const states = new Map<string, TargetState>();
  const cadences = cadencesOf(config);
  const prices = createPrices(config.prices);
  for (const target of targets.values()) {
    const before = deps.before?.get(target.name);
    const { routing, provider } = splitTarget(config.targets[target.name] ?? {});
    const probePeriodMs = cadences.get(target.name)?.probeEveryMs;
    const { breaker, retry } = config;
    const own = targetRoutingConfig.parse(routing);
    const settings = JSON.stringify([own.breaker, breaker, probePeriodMs]);
    const tuning: TargetTuning = {
      retry: { share: retry.budgetShare, perSecond: retry.budgetPerSecond },
      weight: own.weight,
      maxInFlight: own.maxInFlight ?? Number.POSITIVE_INFINITY,
      capacity: own.maxInFlight ?? target.upstream.callsMax ?? connectionsOf(provider),
      price: priceBy(own.price, () => prices.of(target.model, deps.wallMs())),
    };
    if (before?.target === target && before.settings === settings) {
      before.tune(tuning);
      states.set(target.name, before);
      continue;
    }
    const state: TargetState = new TargetState({
      target,
      index: deps.indexOf(target.name),
      settings,
      breaker: (deps.controls?.breaker ?? createBreaker)({
        settings: breakerSettings(breaker, own.breaker, probePeriodMs),
        random: deps.random,
        onTransition: (transition) => deps.board.changed(state, transition),
      }),
      tuning,
    });
    states.set(target.name, state);
  }
  return states;
}

/** What the breaker of a target is made with; of none, or an unknown one: what the section says. */
export function breakerSettingsOf(
  config: GatewayConfig,
  target: string | undefined,
): BreakerSettings {
  if (target === undefined) return breakerSettings(config.breaker);
  const { routing } = splitTarget(config.targets[target] ?? {});
  const own = targetRoutingConfig.parse(routing).breaker;
  return breakerSettings(config.breaker, own, cadencesOf(config).get(target)?.probeEveryMs);
}

const createBreaker: Controls["breaker"] = (deps) => new CircuitBreaker(deps);

/** Connections a target's provider opens at most; no bound when it names none. */
function connectionsOf(settings: Readonly<Record<string, unknown>>): number {
  const connections = settings["connectionsMax"];
  return typeof connections === "number" ? connections : Number.POSITIVE_INFINITY;
}

const nanoPerUnit = 1e9;

/** The target's own price, or the one its model has in the section prices at that time. */
function priceBy(
  own: { readonly input: number; readonly output: number } | undefined,
  listed: () => Price | undefined,
): () => TokenPrice | undefined {
  if (own) {
    const fixed = { ...own, request: 0 };
    return () => fixed;
  }
  return () => {
    const price = listed();
    return (
      price && {
        input: price.inputPerMillion / nanoPerUnit,
        output: price.outputPerMillion / nanoPerUnit,
        request: price.perRequest / nanoPerUnit,
      }
    );
  };
}

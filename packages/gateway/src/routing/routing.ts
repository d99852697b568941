import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import { growingLabel, type Metrics } from "@loadline/kit/metrics";
import { type Random, seededRandom } from "@loadline/kit/random";
import type { AuditSink } from "../audit-log/events.ts";
import { Board, type BreakerBoard } from "../breaker/board.ts";
import type { KeyState } from "../breaker/key-state.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Controls } from "../controls.ts";
import type { Router } from "./attempts.ts";
import { createPairs, createRoutingMetrics, growPairs, type RoutingNames } from "./metrics.ts";
import { type Pools, startPools } from "./pools.ts";
import { routeStates } from "./route-states.ts";
import { RoutePlanner } from "./router.ts";
import type { RouteState } from "./route-state.ts";
import { reachable, type RouteTable, type Target } from "./routes.ts";
import { createStates, type StatesDeps } from "./states.ts";
import { createStrategies } from "./strategies/index.ts";
import type { TargetState } from "./target-state.ts";
import type { PoolStatus } from "./warm-pool.ts";

export interface RoutingDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where the metrics' labels are kept; by default its own. */
  readonly names?: RoutingNames | undefined;
  readonly audit?: AuditSink | undefined;
  readonly controls?: Partial<Controls> | undefined;
  /** Hears of each target whose breaker opened for what it answered, or did not. */
  readonly onTrip?: ((target: string) => void) | undefined;
  /** Ends all probing; without one it goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What a configuration routes over. */
export interface RoutingPlan {
  readonly config: GatewayConfig;
  readonly routes: RouteTable;
  readonly targets: ReadonlyMap<string, Target>;
}

export interface Routing {
  readonly router: Router;
  readonly breakers: BreakerBoard;
  /** The warm pools as components of /health: a short one is degraded, an empty one down. */
  health(): Readonly<Record<string, PoolHealth>>;
  /** Time to the first content of late, of a target that had one, of streams if any; in ms. */
  latencyMsOf(target: string): number | undefined;
  /** Goes over to another configuration; targets still open keep their breakers. */
  install(plan: RoutingPlan): void;
  /** Serves a route that no configuration names; breakers, pools and metrics do not know it. */
  adopt(state: RouteState): void;
}

export interface PoolHealth {
  readonly required: boolean;
  readonly state: "ok" | "degraded" | "down";
  readonly ready: number;
  readonly min: number;
}

/** Router and breakers over opened targets. */
export function createRouting(plan: RoutingPlan, deps: RoutingDeps): Routing {
  const { clock, logger } = deps;
  // The machine's randomness seeds it once: a draw per request has to be cheap.
  const random = seededRandom(deps.random.below(2 ** 32));
  const names = deps.names ?? { routes: growingLabel(), targets: growingLabel() };
  const pairs = createPairs();
  const metrics = createRoutingMetrics(deps.metrics, names, pairs);
  const board = new Board({ clock, logger, metrics, audit: deps.audit });
  const strategies = createStrategies(random);
  const onKeyOut = (state: TargetState, key: KeyState): void => board.keyOut(state, key);
  const router = new RoutePlanner({
    nowMs: () => clock.monotonicMs(),
    random,
    metrics,
    onKeyOut,
  });
  const statesDeps: StatesDeps = {
    board,
    random,
    controls: deps.controls,
    wallMs: () => clock.wallMs(),
    indexOf: names.targets.indexOf,
  };
  let states: Map<string, TargetState> | undefined;
  let pools: Pools | undefined;
  let groups: RouteState[] = [];
  const install = ({ config, routes, targets }: RoutingPlan): void => {
    names.routes.grow(routes.routes.map((route) => route.name));
    names.targets.grow([...targets.keys()]);
    for (const route of routes.routes)
      growPairs(
        pairs,
        [...reachable(route)].map(({ name }) => name),
      );
    states = createStates(config, targets, { ...statesDeps, before: states });
    board.install(states);
    groups = routeStates({ config, routes }, states, { strategies, before: groups });
    router.install(groups);
    const signal = deps.signal ?? new AbortController().signal;
    pools = startPools(config, routes, {
      states,
      deps: { clock, logger, signal, metrics, onKeyOut, onChange: () => pools?.settle() },
      before: pools,
    });
  };
  install(plan);
  board.onTransition((target, { to, reason }) => {
    if (to !== "open") return;
    pools?.hurry(target);
    // One that an operator holds open, or that had too many calls, says nothing about the target.
    if (reason !== "forced" && states?.get(target)?.isOverloaded !== true) deps.onTrip?.(target);
  });
  deps.metrics.onRender(() => {
    board.refresh();
    pools?.refresh();
  });
  const health = (): Record<string, PoolHealth> => poolHealth(pools?.status() ?? []);
  const latencyMsOf = (name: string): number | undefined => {
    const { stream, whole } = states?.get(name)?.latency ?? {};
    const latency = stream?.hasSample === true ? stream : whole;
    return latency?.hasSample === true ? latency.valueMs(clock.monotonicMs()) : undefined;
  };
  const adopt = (state: RouteState): void => router.adopt(state);
  return { router, breakers: board, health, latencyMsOf, install, adopt };
}

function poolHealth(pools: readonly PoolStatus[]): Record<string, PoolHealth> {
  return Object.fromEntries(
    pools.map(({ route, ready, min }) => [
      `pool:${route}`,
      { required: false, state: poolState(ready, min), ready, min },
    ]),
  );
}

function poolState(ready: number, min: number): PoolHealth["state"] {
  if (ready >= min) return "ok";
  return ready > 0 ? "degraded" : "down";
}

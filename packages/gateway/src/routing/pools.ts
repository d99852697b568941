import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { KeyState } from "../breaker/key-state.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { cadencesOf } from "./cadences.ts";
import type { RoutingMetrics } from "./metrics.ts";
import { TargetProber } from "./prober.ts";
import type { RouteTable } from "./routes.ts";
import type { TargetState } from "./target-state.ts";
import { type PoolStatus, WarmPool } from "./warm-pool.ts";

export interface PoolsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly metrics: RoutingMetrics;
  onKeyOut(state: TargetState, key: KeyState): void;
}

export interface Pools {
  /** Probes a target now, when it is kept warm. */
  hurry(target: string): void;
  /** Brings gauges and warnings up to now. */
  refresh(): void;
  /** One entry per route with a backup pool. */
  status(): PoolStatus[];
  /** Lets every target go cold. */
  stop(): void;
}

/** The warm pools of all routes that have one; a target of several is probed once. */
export function startPools(
  config: GatewayConfig,
  routes: RouteTable,
  o: { states: ReadonlyMap<string, TargetState>; deps: PoolsDeps },
): Pools {
  const cadences = cadencesOf(config);
  const probers = new Map<string, TargetProber>();
  const pools: WarmPool[] = [];
  let isBusy = false;
  /** Starts what some pool wants and stops what none does; a change it causes is seen again. */
  const settle = (): void => {
    if (isBusy) return;
    isBusy = true;
    const wanted = new Set(pools.flatMap((pool) => pool.wanted()));
    for (const prober of probers.values()) {
      if (wanted.has(prober)) prober.start();
      else prober.stop();
    }
    isBusy = false;
    for (const pool of pools) pool.report();
  };
  for (const [name, cadence] of cadences) {
    const state = o.states.get(name);
    if (!state) continue;
    const onChange = (): void => settle();
    const onFault = (cause: unknown): void => {
      const text = cause instanceof Error ? cause.message : String(cause);
      o.deps.logger.error("probe failed unexpectedly", { target: name, text });
    };
    probers.set(name, new TargetProber(state, { ...o.deps, ...cadence, onChange, onFault }));
  }
  for (const route of routes.routes) {
    const backup = config.routes[route.name]?.backup ?? "off";
    if (backup === "off") continue;
    const { metrics, logger } = o.deps;
    const members = route.targets.flatMap(({ name }) => probers.get(name) ?? []);
    const min = Math.min(backup.min, members.length);
    pools.push(new WarmPool({ route, probers: members, min, metrics, logger }));
  }
  settle();
  return {
    hurry: (target) => probers.get(target)?.hurry(),
    refresh() {
      for (const pool of pools) pool.report();
    },
    status: () => pools.map((pool) => pool.status),
    stop() {
      isBusy = true;
      for (const prober of probers.values()) prober.stop();
    },
  };
}

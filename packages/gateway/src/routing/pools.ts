import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { KeyState } from "../breaker/key-state.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { type Cadence, cadencesOf } from "./cadences.ts";
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
  /** A target became warm, cold or failed: `settle` of the pools in force is to be called. */
  onChange(): void;
}

export interface Pools {
  /** Probes a target now, when it is kept warm. */
  hurry(target: string): void;
  /** Brings gauges and warnings up to now. */
  refresh(): void;
  /** One entry per route with a backup pool. */
  status(): PoolStatus[];
  /** Starts what some pool wants and stops what none does. */
  settle(): void;
  /** The prober of a target when it is for this state and this often. */
  prober(state: TargetState, cadence: Cadence): TargetProber | undefined;
  /** Lets every target go cold but those that others keep warm from now on. */
  stop(kept?: ReadonlySet<TargetProber>): void;
}

/**
 * The warm pools of all routes that have one; a target of several is probed once. They take over
 * the targets that `before` kept warm in the same way, and stop it.
 */
export function startPools(
  config: GatewayConfig,
  routes: RouteTable,
  o: { states: ReadonlyMap<string, TargetState>; deps: PoolsDeps; before?: Pools | undefined },
): Pools {
  const cadences = cadencesOf(config);
  const probers = new Map<string, TargetProber>();
  const pools: WarmPool[] = [];
  let isBusy = false;
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
    const kept = o.before?.prober(state, cadence);
    if (kept) {
      probers.set(name, kept);
      continue;
    }
    const onFault = (cause: unknown): void => {
      const text = cause instanceof Error ? cause.message : String(cause);
      o.deps.logger.error("probe failed unexpectedly", { target: name, text });
    };
    probers.set(name, new TargetProber(state, { ...o.deps, ...cadence, onFault }));
  }
  for (const route of routes.routes) {
    const backup = config.routes[route.name]?.backup ?? "off";
    if (backup === "off") continue;
    const { metrics, logger } = o.deps;
    const members = route.targets.flatMap(({ name }) => probers.get(name) ?? []);
    const min = Math.min(backup.min, members.length);
    pools.push(new WarmPool({ route, probers: members, min, metrics, logger }));
  }
  o.before?.stop(new Set(probers.values()));
  settle();
  return {
    settle,
    prober(state, { probeEveryMs, deepEveryMs }) {
      const prober = probers.get(state.name);
      const before = cadences.get(state.name);
      const isAsOften = before?.probeEveryMs === probeEveryMs && before.deepEveryMs === deepEveryMs;
      return prober?.state === state && isAsOften ? prober : undefined;
    },
    hurry: (target) => probers.get(target)?.hurry(),
    refresh() {
      for (const pool of pools) pool.report();
    },
    status: () => pools.map((pool) => pool.status),
    stop(kept) {
      isBusy = true;
      for (const prober of probers.values()) if (!kept?.has(prober)) prober.stop();
    },
  };
}

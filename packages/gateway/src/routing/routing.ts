import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import type { AuditSink } from "../audit-log/events.ts";
import { Board, type BreakerBoard } from "../breaker/board.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Controls } from "../controls.ts";
import type { Router } from "./attempts.ts";
import { HedgeControl } from "./hedge.ts";
import { createRoutingMetrics } from "./metrics.ts";
import { RouteState } from "./route-state.ts";
import { RoutePlanner } from "./router.ts";
import type { RouteTable, Target } from "./routes.ts";
import { createStates } from "./states.ts";
import { hashText } from "./strategies/hash.ts";
import { createStrategies } from "./strategies/index.ts";
import type { TargetState } from "./target-state.ts";

export interface RoutingDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly audit?: AuditSink | undefined;
  readonly controls?: Partial<Controls> | undefined;
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
  /** Goes over to another configuration; targets still open keep their breakers. */
  install(plan: RoutingPlan): void;
}

/** Router and breakers over opened targets. */
export function createRouting(plan: RoutingPlan, deps: RoutingDeps): Routing {
  const { clock, random, logger } = deps;
  const metrics = createRoutingMetrics(deps.metrics, {
    routes: plan.routes.routes.map((route) => route.name),
    targets: [...plan.targets.keys()],
  });
  const board = new Board({ clock, logger, metrics, audit: deps.audit });
  const strategies = createStrategies(random);
  const router = new RoutePlanner({
    nowMs: () => clock.monotonicMs(),
    random,
    metrics,
    attemptsMax: plan.config.retry.attempts,
    waitMaxMs: plan.config.retry.waitMax,
    onKeyOut: (state, key) => board.keyOut(state, key),
  });
  let states: Map<string, TargetState> | undefined;
  const install = ({ config, routes, targets }: RoutingPlan): void => {
    const { controls } = deps;
    states = createStates(config, targets, { board, random, controls, before: states });
    board.install(states);
    router.install(
      routes.routes.map((route) => {
        const settings = config.routes[route.name];
        const hedge = settings?.hedge ?? "off";
        return new RouteState({
          route,
          groups: (settings?.groups ?? []).map(({ strategy, targets: names }) => ({
            strategy: strategies[strategy],
            members: names.flatMap((name) => memberOf(states?.get(name))),
          })),
          hedge:
            hedge === "off"
              ? undefined
              : new HedgeControl({ afterMs: hedge.after, share: hedge.share }),
        });
      }),
    );
  };
  install(plan);
  deps.metrics.onRender(() => board.refresh());
  return { router, breakers: board, install };
}

function memberOf(state: TargetState | undefined) {
  return state ? [{ state, nameHash: hashText(state.name), current: 0 }] : [];
}

import { breakerDefaults, CircuitBreaker } from "@loadline/kit/circuit-breaker";
import { inProcess } from "../providers/index.ts";
import { openTarget } from "../routing/compile.ts";
import type { Route, Target } from "../routing/routes.ts";
import { RouteState } from "../routing/route-state.ts";
import { priority } from "../routing/strategies/priority.ts";
import { TargetState } from "../routing/target-state.ts";
import type { TargetDeps } from "../snapshot/targets.ts";
import { probeModel } from "./pass.ts";

/** A route beside those of the configuration, to one target inside the process. */
export interface OwnRoute {
  readonly route: Route;
  readonly target: Target;
  readonly state: RouteState;
}

/** Its target is not among the breakers, pools and metrics of the configured ones. */
export function openOwnRoute(deps: TargetDeps, timeoutMs: number): OwnRoute {
  const settings = { provider: inProcess.id, model: probeModel, latency: 0, tokens: 1 };
  const target = openTarget(probeModel, settings, { ...deps, connectTimeoutMs: timeoutMs });
  const route: Route = {
    name: probeModel,
    index: -1,
    models: [probeModel],
    isCritical: false,
    targets: [target],
    timeouts: {
      firstByte: timeoutMs,
      firstContent: timeoutMs,
      idle: timeoutMs,
      total: timeoutMs,
    },
  };
  const state = new TargetState({
    target,
    index: -1,
    settings: "",
    breaker: new CircuitBreaker({ settings: breakerDefaults, random: deps.random }),
    tuning: {
      retry: { share: 0, perSecond: 0 },
      weight: 1,
      maxInFlight: Number.POSITIVE_INFINITY,
      capacity: Number.POSITIVE_INFINITY,
      price: () => undefined,
    },
  });
  const members = [{ state, nameHash: 0, current: 0 }];
  return {
    route,
    target,
    state: new RouteState({
      route,
      attemptsMax: 1,
      waitMaxMs: 0,
      groups: [{ strategy: priority, members }],
      hedge: undefined,
    }),
  };
}

import type { Exchange } from "../pipeline/exchange.ts";
import type { AttemptPlan, Router } from "./attempts.ts";
import { Plan, type PlanDeps } from "./plan.ts";
import type { RouteState } from "./route-state.ts";
import type { Route } from "./routes.ts";
import { servesOperation } from "./serves.ts";

/** Plans attempts over the states of the routes it was given last. */
export class RoutePlanner implements Router {
  readonly #deps: PlanDeps;
  #states = new Map<Route, RouteState>();
  /** Of configurations before: requests that began under one go on under it. */
  readonly #before = new WeakMap<Route, RouteState>();

  constructor(deps: PlanDeps) {
    this.#deps = deps;
  }

  install(states: readonly RouteState[]): void {
    for (const [route, state] of this.#states) this.#before.set(route, state);
    this.#states = new Map(states.map((state) => [state.route, state]));
  }

  /** Serves a route beside those of the configuration, whatever is installed. */
  adopt(state: RouteState): void {
    this.#before.set(state.route, state);
  }

  plan(x: Exchange): AttemptPlan {
    const { route } = x;
    const state = route && (this.#states.get(route) ?? this.#before.get(route));
    return new Plan(x, state, this.#deps);
  }

  serves(x: Exchange): boolean {
    for (const target of x.route?.targets ?? []) if (servesOperation(target, x)) return true;
    return false;
  }
}

/** Serves nothing: for `serve --explain`, which opens no target. */
export const emptyRouter: Router = {
  plan: () => ({
    hedgeAfterMs: -1,
    next: () => ({ kind: "none", retryAfterMs: 0 }),
    longer: () => undefined,
  }),
  serves: () => false,
};

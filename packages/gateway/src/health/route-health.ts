import type { RouteTable, Target } from "../routing/routes.ts";
import type { Component, DependencyHealth } from "./dependencies.ts";

/** A route as /health shows it: how many of its started targets are there, and how fast the best is. */
export function routeComponent(
  route: RouteTable["routes"][number],
  latencyMsOf: (target: string) => number | undefined,
): Component {
  const started = route.targets.filter(({ upstream }) => !upstream.isStandby);
  const ready = started.filter(({ upstream }) => upstream.isReady());
  const { isCritical: required } = route;
  const latencyMs = fastest(ready, latencyMsOf);
  const measured = latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs * 100) / 100 };
  if (ready.length === started.length) return { required, state: "ok", ...measured };
  if (ready.length === 0) return { required, state: "down", code: "LL_ROUTE_NO_TARGET" };
  return { required, state: "degraded", ...measured, code: "LL_MODEL_HOST_EXIT" };
}

function fastest(
  targets: readonly Target[],
  latencyMsOf: (target: string) => number | undefined,
): number | undefined {
  const known = targets.flatMap(({ name }) => latencyMsOf(name) ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Since when each component is in its state, ISO 8601. */
export class Since {
  readonly #known = new Map<string, { state: DependencyHealth["state"]; since: string }>();

  /** Of what is there now; what is there no more is forgotten. */
  look<T extends Component>(
    components: Readonly<Record<string, T>>,
    wallMs: number,
  ): Record<string, T & { readonly since: string }> {
    for (const name of this.#known.keys())
      if (!Object.hasOwn(components, name)) this.#known.delete(name);
    return Object.fromEntries(
      Object.entries(components).map(([name, one]) => [
        name,
        { ...one, since: one.since ?? this.#since(name, one.state, wallMs) },
      ]),
    );
  }

  #since(name: string, state: DependencyHealth["state"], wallMs: number): string {
    const known = this.#known.get(name);
    if (known?.state === state) return known.since;
    const since = new Date(wallMs).toISOString();
    this.#known.set(name, { state, since });
    return since;
  }
}

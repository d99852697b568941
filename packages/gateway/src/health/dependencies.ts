import type { Metrics } from "@loadline/kit/metrics";

export interface DependencyHealth {
  readonly state: "ok" | "degraded" | "down" | "disabled";
  /** Wall-clock ms of the last change of `state`. */
  readonly sinceMs?: number;
  readonly latencyMs?: number;
  readonly code?: string;
  /** The file that is at fault, if one is. */
  readonly path?: string | undefined;
}

const dependencyNames = ["sql", "redis", "objects", "otlp", "errors"] as const;
export type DependencyName = (typeof dependencyNames)[number];

/** A component as /health shows it; `since` is ISO 8601. */
export interface Component {
  readonly required: boolean;
  readonly state: DependencyHealth["state"];
  readonly since?: string;
  readonly latencyMs?: number;
  readonly code?: string;
  /** The file to look at while it is not ok. */
  readonly path?: string;
}

export interface Dependencies {
  /** `read` is called at each look at /health and each scrape; it waits for nothing. */
  add(name: DependencyName, isRequired: boolean, read: () => DependencyHealth): void;
  components(): Readonly<Record<string, Component>>;
  /** Required ones that are down: /health is 503 then, readiness is not touched. */
  down(): readonly string[];
}

const values = { ok: 0, degraded: 1, down: 2, disabled: 3 } as const;

/** What the gateway leans on, for /health and `loadline_dependency_state`. */
export function createDependencies(metrics: Metrics): Dependencies {
  const gauge = metrics.gauge(
    "loadline_dependency_state",
    "0 ok, 1 degraded, 2 down, 3 not configured.",
    { dependency: dependencyNames },
  );
  const known = new Map<DependencyName, { isRequired: boolean; read: () => DependencyHealth }>();
  metrics.onRender(() =>
    dependencyNames.forEach((name, i) =>
      gauge.set(gauge.slot([i]), values[known.get(name)?.read().state ?? "disabled"]),
    ),
  );
  return {
    add: (name, isRequired, read) => void known.set(name, { isRequired, read }),
    components() {
      const out: Record<string, Component> = {};
      for (const [name, { isRequired, read }] of known) out[name] = componentOf(isRequired, read());
      return out;
    },
    down: () =>
      [...known].filter(([, one]) => one.isRequired && one.read().state === "down").map(([n]) => n),
  };
}

function componentOf(required: boolean, health: DependencyHealth): Component {
  const { state, sinceMs, latencyMs, code, path } = health;
  return {
    required,
    state,
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    ...(latencyMs !== undefined && { latencyMs: Math.round(latencyMs * 100) / 100 }),
    ...(code !== undefined && { code }),
    ...(path !== undefined && { path }),
  };
}

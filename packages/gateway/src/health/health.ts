import type { Clock } from "@loadline/kit/clock";
import type { RouteTable } from "../routing/routes.ts";
import type { Component, Dependencies } from "./dependencies.ts";
import { routeComponent, Since } from "./route-health.ts";

export interface HealthDeps {
  readonly clock: Clock;
  readonly live: { readonly current: { readonly routes: RouteTable; readonly digest: string } };
  readonly version: string;
  /** Commit it was built from; absent: nobody knows. */
  readonly commit?: string | undefined;
  /** Which of its places this is, such as `live`; absent: nobody said. */
  readonly environment?: string;
  /** Whether what is written is in force; absent: it is. */
  readonly isStale?: () => boolean;
  readonly dependencies?: Dependencies;
  /** Components that only degrade, such as warm pools. */
  readonly more?: () => Readonly<Record<string, Component>>;
  /** ms to the first content of a target that was called lately; absent: nobody knows. */
  readonly latencyMsOf?: (target: string) => number | undefined;
  /** Ends the looks between those that are asked for; absent: there are none. */
  readonly signal?: AbortSignal | undefined;
  /** Stages that requests have to pass and do not; absent: all are passed. */
  readonly missing?: () => readonly string[];
  /** Reasons that the self-probe has; absent: none. */
  readonly selfProbe?: { reasons(): readonly string[] };
}

export interface BuildFacts {
  readonly name: "loadline";
  readonly version: string;
  /** Commit it was built from; null: nobody knows. */
  readonly commit: string | null;
  /** First part of the paths of each version of the API that is served. */
  readonly apiVersions: readonly string[];
}

export interface Health {
  setDraining(): void;
  setListening(): void;
  /** Reasons why new requests are better sent elsewhere; empty when ready. */
  notReady(): readonly string[];
  /** Which build this is, whatever its state. */
  about(): BuildFacts;
  health(): { isOk: boolean; body: unknown };
}

const everyMs = 2000;
const unmeasured = (): undefined => undefined;

/** Readiness: listening, not draining, a usable target for each critical route. */
export function createHealth(deps: HealthDeps): Health {
  const startedAt = new Date(deps.clock.wallMs()).toISOString();
  const build = { version: deps.version, commit: deps.commit ?? null };
  const since = new Since();
  const look = (): Record<string, Component> => {
    const components: Record<string, Component> = {
      ...deps.dependencies?.components(),
      ...deps.more?.(),
    };
    for (const route of deps.live.current.routes.routes)
      components[`route:${route.name}`] = routeComponent(route, deps.latencyMsOf ?? unmeasured);
    return since.look(components, deps.clock.wallMs());
  };
  // What changed while nobody asked has its time, too.
  const lookAgain = (): void => {
    if (deps.signal?.aborted !== false) return;
    look();
    deps.clock.after(everyMs, lookAgain, { unref: true });
  };
  if (deps.signal) deps.clock.after(everyMs, lookAgain, { unref: true });
  let isDraining = false;
  let isListening = false;
  const isUsable = (name: string): boolean =>
    deps.live.current.routes.routes.some(
      (r) => r.name === name && r.targets.some((t) => t.upstream.isReady()),
    );
  const notReady = (): string[] => {
    const reasons: string[] = [];
    if (!isListening) reasons.push("starting");
    if (isDraining) reasons.push("draining");
    for (const id of deps.missing?.() ?? []) reasons.push(`LL_SERVER_STAGE_MISSING ${id}`);
    if (isListening) reasons.push(...(deps.selfProbe?.reasons() ?? []));
    for (const route of deps.live.current.routes.routes)
      if (route.isCritical && !isUsable(route.name)) reasons.push(`route ${route.name}: no target`);
    return reasons;
  };
  return {
    setDraining: () => void (isDraining = true),
    setListening: () => void (isListening = true),
    notReady,
    about: () => ({ name: "loadline", ...build, apiVersions: ["v1"] }),
    health() {
      const components = look();
      const isOk = notReady().length === 0 && (deps.dependencies?.down().length ?? 0) === 0;
      const status = isOk ? "ok" : "unavailable";
      const config = deps.isStale?.() === true ? "stale" : "current";
      const configDigest = deps.live.current.digest;
      const told = { ...build, configDigest, environment: deps.environment };
      return { isOk, body: { status, ...told, startedAt, config, components } };
    },
  };
}

import type { LeveledLogger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import { type Accounting, checkLimits } from "../limits/wire.ts";
import type { ChosenFiles } from "../models/index.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { checkTargets, openTargets } from "../routing/compile.ts";
import type { Routing } from "../routing/routing.ts";
import { createReloadMetrics } from "./metrics.ts";
import { createNames, type MetricNames } from "./names.ts";
import {
  createReloader,
  type ReadConfig,
  type Reloader,
  type ReloaderDeps,
  type ReloadReport,
} from "./reloader.ts";
import { createRetired } from "./retired.ts";
import { compileSnapshot, type Snapshot } from "./snapshot.ts";
import type { TargetDeps } from "./targets.ts";

/** What is in force, before anything could replace it. */
export interface OpenedSnapshot {
  readonly names: MetricNames;
  readonly live: { current: Snapshot };
}

/** Opens the targets of the first configuration and compiles it. LL_CONFIG_*. */
export function openSnapshot(config: GatewayConfig, deps: TargetDeps): OpenedSnapshot {
  checkLimits(config);
  const names = createNames();
  names.grow(config);
  return { names, live: { current: compileSnapshot(config, openTargets(config, deps), names) } };
}

/** Everything a reload reaches. */
export interface ReloadParts {
  readonly targetDeps: TargetDeps & { readonly logger: LeveledLogger };
  readonly metrics: Metrics;
  readonly routing: Pick<Routing, "install">;
  readonly accounting: Pick<Accounting, "install">;
  readonly pipeline: Pick<Pipeline, "inFlight">;
  readonly readFiles?: ReloaderDeps["readFiles"];
  /** What models were swapped to, among the files of a configuration. */
  readonly chosen?: Pick<ChosenFiles, "recheck"> | undefined;
  /** Told once another configuration is in force. */
  readonly selfProbe?: { again(): void };
}

export interface OpenedReload extends Reloader {
  /** Applies `config`, or what `read` reads. Without both there is nothing to do. */
  now(config: GatewayConfig | undefined, read: ReadConfig | undefined): Promise<ReloadReport>;
  /** Closes every target, those that left the configuration included. */
  close(): Promise<void>;
}

/** Makes `opened` replaceable while the gateway runs. */
export function openReload(opened: OpenedSnapshot, parts: ReloadParts): OpenedReload {
  const { live, names } = opened;
  const { targetDeps, metrics, routing, accounting, pipeline } = parts;
  const { clock, logger } = targetDeps;
  let isClosed = false;
  const retired = createRetired({ clock, logger, inFlight: pipeline.inFlight });
  const reloader = createReloader({
    live,
    names,
    metrics: createReloadMetrics(metrics, () => live.current.digest),
    logger,
    targets: targetDeps,
    async look(config) {
      await checkTargets(config, live.current.config);
      return parts.chosen?.recheck(config.models.registered);
    },
    ...(parts.readFiles && { readFiles: parts.readFiles }),
    check(config) {
      if (isClosed) throw gatewayErrors.make("LL_SERVER_DRAINING");
      checkLimits(config);
    },
    install(next) {
      routing.install(next);
      accounting.install(next.config);
      logger.setLevel(next.config.log.level);
      parts.selfProbe?.again();
    },
    retire: retired.add,
  });
  return {
    apply: (config) => reloader.apply(config),
    prepare: (config) => reloader.prepare(config),
    read: (read) => reloader.read(read),
    get isStale() {
      return reloader.isStale;
    },
    now: (config, read) =>
      config ? reloader.apply(config) : reloader.read(read ?? (() => live.current.config)),
    async close() {
      isClosed = true;
      const closing = [...live.current.targets.values()].map((target) => target.upstream.close());
      await Promise.all([...closing, retired.close()]);
    },
  };
}

/** The admin plane's way to reload; undefined where there is nothing to read again. */
export function adminReload(
  reloader: Reloader,
  read: ReadConfig | undefined,
): (() => Promise<{ applied: boolean; problem: string | null }>) | undefined {
  return read && viewedReload(() => reloader.read(read));
}

/** A reload as the admin plane shows it. */
export function viewedReload(
  reload: (() => Promise<ReloadReport>) | undefined,
): (() => Promise<{ applied: boolean; problem: string | null }>) | undefined {
  if (!reload) return undefined;
  return async () => {
    const { problem, outcome } = await reload();
    return { applied: outcome === "applied", problem: problem ?? null };
  };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@loadline/kit/clock";
import { createLogger, type Logger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import type { GatewayConfig } from "./config/schema.ts";
import type { Controls } from "./controls.ts";
import { createNodeFront } from "./front/node-http/index.ts";
import { createDependencies } from "./health/dependencies.ts";
import { createHealth } from "./health/health.ts";
import { drain, type DrainReport } from "./health/drain.ts";
import { createPipeline } from "./pipeline/pipeline.ts";
import { createRequestIds } from "./pipeline/request-id.ts";
import { createStages, explain, type ExplainedOperation } from "./pipeline/stages.ts";
import { createAccounting } from "./limits/wire.ts";
import { compileRoutes, openTargets } from "./routing/compile.ts";
import { createRouting } from "./routing/routing.ts";
import { sqlUrl } from "./state/config.ts";
import { createKeyCache } from "./state/key-cache.ts";
import { type CreatedKey, createKey, listKeys } from "./state/keys.ts";
import { openStore } from "./state/open-store.ts";
import { openState, type State } from "./state/state.ts";
import type { Store } from "./state/store.ts";
import { connectStore, usageStore } from "./state/wire.ts";
import { streamSettings } from "./stream/config.ts";
import { createTelemetry } from "./telemetry/telemetry.ts";
import { createWatch } from "./upstream/watch.ts";

export interface GatewayDeps {
  readonly clock: Clock;
  /** The machine's randomness: ids and keys are drawn from it. */
  readonly random: Random;
  /** Takes log text: whole JSON lines. */
  readonly log: (text: string) => void;
  /** Shown in /health. */
  readonly version?: string;
  /** Controls a test replaces. */
  readonly controls?: Partial<Controls>;
}

export interface Gateway {
  /** Listens; LL_SERVER_PORT_IN_USE when the address is taken. Readiness may come later. */
  start(): Promise<{ url: string }>;
  /** Waits until /readyz would answer 200; rejects with the signal's reason. */
  whenReady(signal?: AbortSignal): Promise<void>;
  close(o?: { graceMs?: number }): Promise<DrainReport>;
  /** Empty before `start`. */
  readonly url: string;
  /** The key made at the very first start of this state directory; shown here only. */
  readonly firstKey: CreatedKey | undefined;
  /** The open state, for the key functions. */
  readonly state: State;
  readonly stages: readonly ExplainedOperation[];
}

const readyPollMs = 20;

interface Base {
  readonly state: State;
  readonly store: Store;
  readonly logger: Logger;
  readonly runDir: string;
  readonly signal: AbortSignal;
}

/** Wires targets, routes, stages and front; nothing listens yet. */
function build(config: GatewayConfig, deps: GatewayDeps, base: Base) {
  const { clock, random } = deps;
  const { state, store, logger } = base;
  const targets = openTargets(config, { ...deps, ...base });
  const routes = compileRoutes(config, targets);
  const keys = createKeyCache(state);
  const metrics = createMetrics();
  const names = {
    routes: routes.routes.map((route) => route.name),
    models: routes.models,
    targets: [...targets.keys()],
  };
  const telemetry = createTelemetry(names, metrics);
  const dependencies = createDependencies(metrics);
  connectStore(store, { clock, logger, metrics, dependencies });
  const version = deps.version ?? "0.0.0";
  const health = createHealth({ clock, routes, version, dependencies });
  const routing = createRouting({ config, routes, targets }, { ...deps, ...base, metrics });
  const models = routes.models;
  const usage = usageStore(store, config.stateDir);
  const accounting = createAccounting({ ...deps, config, logger, metrics, models, usage });
  const nowMs = (): number => clock.monotonicMs();
  const nextId = createRequestIds(random);
  const stages = createStages({
    nextId,
    checkKey(key) {
      const result = keys.check(key);
      telemetry.onAuth(result.ok ? "ok" : "refused");
      return result;
    },
    isKeyRequired: config.auth.required,
    bodyBytesMax: config.http.bodyBytesMax,
    routes,
    accounting,
    call: {
      watch: createWatch(clock),
      router: routing.router,
      settings: streamSettings(config.stream),
      nowMs,
      refuse: (x, refusal) => pipeline.refuse(x, refusal),
      onAttempt: (target, failure) => telemetry.onAttempt(target.name, failure),
    },
    local: {
      models: routes.models,
      createdSeconds: Math.floor(clock.wallMs() / 1000),
      notReady: health.notReady,
      health: health.health,
      metricsText: telemetry.render,
    },
    exits: { telemetry, logger, nowMs },
  });
  const pipeline = createPipeline({ stages, telemetry, logger, nowMs });
  telemetry.onRender((set) => {
    set.inFlight(pipeline.inFlight.size);
    for (const target of targets.values()) set.targetReady(target.name, target.upstream.isReady());
    const cpu = process.cpuUsage();
    set.process(process.memoryUsage.rss(), (cpu.user + cpu.system) / 1e6);
  });
  const { host, port } = config.listen;
  const { head: headMs, request: requestMs, keepAlive: keepAliveMs } = config.http;
  const { connectionsMax, headBytesMax } = config.http;
  const limits = { headMs, requestMs, keepAliveMs, connectionsMax, headBytesMax };
  const front = createNodeFront(pipeline, { host, port, ...limits, clock, nextId });
  return { targets, keys, health, stages, pipeline, front, accounting };
}

/** Opens state, targets and pipeline; nothing listens before `start`. */
export async function createGateway(config: GatewayConfig, deps: GatewayDeps): Promise<Gateway> {
  const { clock, random } = deps;
  const logger = createLogger({ clock, write: deps.log, level: config.log.level });
  const state = openState(config.stateDir, { clock, random }, { exclusive: true });
  const runDir = mkdtempSync(join(tmpdir(), "ll-"));
  const stop = new AbortController();
  let store: Store | undefined;
  const release = async (): Promise<void> => {
    stop.abort(new Error("the gateway was closed"));
    await store?.close();
    state.close();
    rmSync(runDir, { recursive: true, force: true });
    logger.flush();
  };
  try {
    const isFirst = config.auth.required && listKeys(state).length === 0;
    const firstKey = isFirst ? createKey(state, { name: "first", env: config.env }) : undefined;
    store = await openStore(sqlUrl(config.stores.sql), { clock, dir: config.stateDir });
    const parts = build(config, deps, { state, store, logger, runDir, signal: stop.signal });
    const { targets, keys, health, stages, pipeline, front, accounting } = parts;
    let url = "";
    let closing: Promise<DrainReport> | undefined;
    const close = async (graceMs: number): Promise<DrainReport> => {
      const acceptMs = Math.min(config.drain.accept, graceMs);
      const report = await drain({ clock, health, pipeline, front }, { acceptMs, graceMs });
      keys.close();
      await accounting.close();
      await Promise.all([...targets.values()].map((target) => target.upstream.close()));
      logger.info("closed", { cut: report.cut, finished: report.finished });
      await release();
      return report;
    };
    return {
      async start() {
        url = await front.listen();
        health.setListening();
        logger.info("listening", { url });
        return { url };
      },
      async whenReady(waitSignal) {
        while (health.notReady().length > 0) await clock.sleep(readyPollMs, waitSignal);
      },
      close: (o) => (closing ??= close(o?.graceMs ?? config.drain.grace)),
      get url() {
        return url;
      },
      firstKey,
      state,
      stages: explain(stages),
    };
  } catch (cause) {
    await release();
    throw cause;
  }
}

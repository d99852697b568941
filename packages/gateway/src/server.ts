import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, type LeveledLogger } from "@loadline/kit/logger";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import { openAdminPlane } from "./admin/wire.ts";
import { auditExchanges } from "./audit-log/exit.ts";
import { openAuditLog, type OpenedAuditLog } from "./audit-log/open.ts";
import type { GatewayConfig } from "./config/schema.ts";
import { createEgressDoors } from "./egress/doors.ts";
import { createFront } from "./front/index.ts";
import type { Gateway, GatewayDeps } from "./gateway.ts";
import { openFiles } from "./files/wire.ts";
import { createHealth } from "./health/health.ts";
import { drain, type DrainReport } from "./health/drain.ts";
import { openIdentity, type WiredIdentity } from "./identity/wire.ts";
import { type ChosenFiles, openChosen, withModels } from "./models/index.ts";
import { createPipeline, type Pipeline } from "./pipeline/pipeline.ts";
import { createRequestIds } from "./pipeline/request-id.ts";
import { createStages, explain } from "./pipeline/stages.ts";
import { createAccounting } from "./limits/wire.ts";
import { checkRegistry } from "./routes/registry.ts";
import { checkTargets } from "./routing/compile.ts";
import { createRouting } from "./routing/routing.ts";
import { openSelfProbe } from "./self-probe/wire.ts";
import { liveAuditLog } from "./snapshot/reloader.ts";
import { adminReload, openReload, openSnapshot, viewedReload } from "./snapshot/wire.ts";
import { openState } from "./state/state.ts";
import { type OpenedStores, openStores } from "./state/wire.ts";
import { streamParts } from "./stream/parts.ts";
import { openTelemetry } from "./telemetry/wire.ts";
import type { TlsMaterial } from "./tls/material.ts";
import { openTls, readTls } from "./tls/wire.ts";
import { createWatch } from "./upstream/watch.ts";
import { mergedAnswers } from "./workers/supervised.ts";

const readyPollMs = 20;

interface Base {
  readonly stores: OpenedStores;
  readonly store: OpenedStores["store"];
  readonly identity: WiredIdentity;
  readonly audit: OpenedAuditLog;
  readonly logger: LeveledLogger;
  readonly metrics: Metrics;
  readonly runDir: string;
  readonly certificates: TlsMaterial | undefined;
  /** What models were swapped to before; undefined where another process keeps them. */
  readonly chosen: ChosenFiles | undefined;
  readonly signal: AbortSignal;
}

/** Wires targets, routes, stages and front; nothing listens yet. */
function build(config: GatewayConfig, deps: GatewayDeps, base: Base) {
  const { clock, random, supervised } = deps;
  const { audit, identity, stores, metrics } = base;
  const egress = createEgressDoors(config.egress, { clock, ...base });
  const targetDeps = withModels({ ...deps, ...base, egress }, () => live.current.config.models);
  const snapshot = openSnapshot(config, targetDeps);
  const { names, live } = snapshot;
  const { dependencies, usage } = stores;
  const version = deps.version ?? "0.0.0";
  const told = { ...targetDeps, names, live, version, dependencies, environment: config.env };
  const opened = openTelemetry(config.telemetry, told);
  const routing = createRouting(live.current, { ...targetDeps, names });
  const missing: Pipeline["missing"] = () => pipeline.missing();
  const tls = openTls(config, base.certificates, targetDeps);
  const selfProbe = openSelfProbe(config, { ...told, missing, routing, supervised, opened });
  const more = () => ({ ...routing.health(), ...tls.health(), ...selfProbe.health() });
  const health = createHealth({
    ...told,
    ...routing,
    more,
    isStale: () => reload.isStale,
    missing,
    selfProbe,
  });
  const shared = supervised?.limits;
  const accounting = createAccounting({ ...targetDeps, config, ...names, usage, shared });
  const nextId = createRequestIds(random);
  const exits = { ...opened.exits, audit: auditExchanges(audit, liveAuditLog(live)) };
  const stages = createStages({
    nextId,
    identity: deps.controls?.auth?.(identity) ?? identity,
    live,
    accounting,
    call: {
      watch: createWatch(clock),
      router: routing.router,
      stream: streamParts(config, { ...targetDeps, live }),
      nowMs: exits.nowMs,
      refuse: (x, refusal) => pipeline.refuse(x, refusal),
      onAttempt: selfProbe.othersAttempts,
    },
    local: {
      models: () => live.current.routes.models,
      createdSeconds: Math.floor(clock.wallMs() / 1000),
      ...health,
      metricsText: opened.telemetry.render,
      ...(supervised && mergedAnswers(supervised)),
    },
    files: openFiles(config, { ...targetDeps, dependencies }),
    exits,
    own: selfProbe.own,
    change: deps.controls?.stages,
  });
  checkRegistry(stages);
  const pipeline = createPipeline({ stages, own: selfProbe.own, ...exits });
  identity.attach(pipeline);
  opened.attach(pipeline);
  // A supervisor counts a reload once for all of its workers.
  const counted = supervised ? createMetrics() : metrics;
  const reloadParts = { targetDeps, metrics: counted, routing, accounting, pipeline, selfProbe };
  const reload = openReload(snapshot, { ...reloadParts, readFiles: tls.prepare });
  const again = supervised
    ? { reload: viewedReload(supervised.reload), everywhere: supervised.breakers }
    : { reload: adminReload(reload, deps.readConfig) };
  const admin = openAdminPlane({ ...told, limits: accounting.limits, routing, ...again });
  const listening = { port: supervised?.port, change: deps.controls?.front, tls: tls.front };
  const { onDrop } = selfProbe;
  const front = createFront(pipeline, config, { clock, nextId, admin, onDrop, ...listening });
  supervised?.attach({
    health: health.health,
    metricsText: opened.telemetry.render,
    breakers: routing.breakers,
    prepare: reload.prepare,
    addressFailed: accounting.addressFailed,
    isShared: () => accounting.limits.status().mode === "shared",
  });
  return { live, reload, health, stages, pipeline, front, accounting, admin, opened, selfProbe };
}

/** Opens state, targets and pipeline; nothing listens before `start`. */
export async function createGateway(config: GatewayConfig, deps: GatewayDeps): Promise<Gateway> {
  const { clock, random } = deps;
  const logger = createLogger({ clock, write: deps.log, level: config.log.level });
  const certificates = readTls(config, clock, deps.supervised?.tlsFiles);
  if (!deps.supervised) await checkTargets(config);
  const state = openState(config.stateDir, { clock, random }, { exclusive: !deps.supervised });
  const runDir = mkdtempSync(join(tmpdir(), "ll-"));
  const stop = new AbortController();
  let stores: OpenedStores | undefined;
  let audit: OpenedAuditLog | undefined;
  let identity: WiredIdentity | undefined;
  const release = async (): Promise<void> => {
    stop.abort(new Error("the gateway was closed"));
    await identity?.close();
    await audit?.end();
    await stores?.close();
    state.close();
    rmSync(runDir, { recursive: true, force: true });
    logger.flush();
  };
  try {
    const metrics = createMetrics();
    stores = await openStores(config, { clock, logger, metrics, ...deps.supervised });
    const { store, repositories } = stores;
    const shared = { clock, random, logger, metrics, stores };
    const base = { ...shared, store, repositories, stateDir: state.dir };
    // A supervisor signs the heads of the one chain.
    const auditLog = deps.supervised ? { ...config.auditLog, heads: undefined } : config.auditLog;
    audit = openAuditLog(auditLog, { ...base, controls: deps.controls });
    identity = await openIdentity(config, { ...base, audit, pepper: state.pepper });
    const chosen = deps.supervised
      ? undefined
      : await openChosen(state.dir, config.models.registered, logger);
    const wired = { ...base, audit, identity, runDir, certificates, chosen, signal: stop.signal };
    const parts = build(config, deps, wired);
    const { live, reload, health, stages, pipeline, front, accounting, admin } = parts;
    let url = "";
    let closing: Promise<DrainReport> | undefined;
    const close = async (graceMs: number): Promise<DrainReport> => {
      const acceptMs = Math.min(live.current.config.drain.accept, graceMs);
      parts.selfProbe.close();
      const report = await drain({ clock, health, pipeline, front }, { acceptMs, graceMs });
      for (const part of [admin, accounting, reload, parts.opened]) await part?.close();
      logger.info("closed", { cut: report.cut, finished: report.finished });
      await release();
      return report;
    };
    return {
      async start() {
        url = await front.listen();
        health.setListening();
        logger.info("listening", { url });
        await parts.selfProbe.begin(url, front);
        return { url };
      },
      reload: (next) => parts.selfProbe.after(reload.now(next, deps.readConfig)),
      async whenReady(waitSignal) {
        while (health.notReady().length > 0) await clock.sleep(readyPollMs, waitSignal);
      },
      close: (o) => (closing ??= close(o?.graceMs ?? live.current.config.drain.grace)),
      get url() {
        return url;
      },
      firstKey: identity.firstKey,
      identity,
      stateDir: state.dir,
      stages: explain(stages),
    };
  } catch (cause) {
    await release();
    throw cause;
  }
}

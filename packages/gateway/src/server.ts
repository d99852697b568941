import { createMetrics } from "@loadline/kit/metrics";
import { openAdminPlane } from "./admin/wire.ts";
import { auditExchanges } from "./audit-log/exit.ts";
import { type Base, openBase } from "./base.ts";
import type { GatewayConfig } from "./config/schema.ts";
import { createEgressDoors } from "./egress/doors.ts";
import { createFront } from "./front/index.ts";
import type { Gateway, GatewayDeps } from "./gateway.ts";
import { openFiles } from "./files/wire.ts";
import { createHealth } from "./health/health.ts";
import { drain, type DrainReport } from "./health/drain.ts";
import { withModels } from "./models/index.ts";
import { createPipeline, type Pipeline } from "./pipeline/pipeline.ts";
import { createRequestIds } from "./pipeline/request-id.ts";
import { createStages, explain } from "./pipeline/stages.ts";
import { createAccounting } from "./limits/wire.ts";
import { checkRegistry } from "./routes/registry.ts";
import { createRouting } from "./routing/routing.ts";
import { openSelfProbe } from "./self-probe/wire.ts";
import { liveAuditLog } from "./snapshot/reloader.ts";
import { adminReload, openReload, openSnapshot, viewedReload } from "./snapshot/wire.ts";
import { streamParts } from "./stream/parts.ts";
import { openTelemetry } from "./telemetry/wire.ts";
import { openTls } from "./tls/wire.ts";
import { createWatch } from "./upstream/watch.ts";
import { mergedAnswers } from "./workers/supervised.ts";

const readyPollMs = 20;

/** What the supervisor of this worker may ask of it. */
function workerParts(o: {
  readonly health: Pick<ReturnType<typeof createHealth>, "health">;
  readonly opened: Pick<ReturnType<typeof openTelemetry>, "telemetry">;
  readonly routing: Pick<ReturnType<typeof createRouting>, "breakers">;
  readonly reload: Pick<ReturnType<typeof openReload>, "prepare">;
  readonly accounting: Pick<ReturnType<typeof createAccounting>, "addressFailed" | "limits">;
}): Parameters<NonNullable<GatewayDeps["supervised"]>["attach"]>[0] {
  return {
    health: o.health.health,
    metricsText: o.opened.telemetry.render,
    breakers: o.routing.breakers,
    prepare: o.reload.prepare,
    addressFailed: o.accounting.addressFailed,
    isShared: () => o.accounting.limits.status().mode === "shared",
  };
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
  const isStale = (): boolean => reload.isStale;
  const health = createHealth({ ...told, ...routing, more, isStale, missing, selfProbe });
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
  const reached = { routing, accounting, pipeline, selfProbe, chosen: base.chosen };
  const reloadParts = { targetDeps, metrics: counted, ...reached };
  const reload = openReload(snapshot, { ...reloadParts, readFiles: tls.prepare });
  const again = supervised
    ? { reload: viewedReload(supervised.reload), everywhere: supervised.breakers }
    : { reload: adminReload(reload, deps.readConfig) };
  const admin = openAdminPlane({ ...told, limits: accounting.limits, routing, ...again });
  const listening = { port: supervised?.port, change: deps.controls?.front, tls: tls.front };
  const { onDrop } = selfProbe;
  const front = createFront(pipeline, config, { clock, nextId, admin, onDrop, ...listening });
  supervised?.attach(workerParts({ health, opened, routing, reload, accounting }));
  return { live, reload, health, stages, pipeline, front, accounting, admin, opened, selfProbe };
}

/** Opens state, targets and pipeline; nothing listens before `start`. */
export async function createGateway(config: GatewayConfig, deps: GatewayDeps): Promise<Gateway> {
  const { clock } = deps;
  const { base, release } = await openBase(config, deps);
  try {
    const { identity, logger, stateDir } = base;
    const parts = build(config, deps, base);
    const { live, reload, health, stages, pipeline, front, accounting, admin } = parts;
    let url = "";
    let closing: Promise<DrainReport> | undefined;
    const close = async (graceMs: number): Promise<DrainReport> => {
      const acceptMs = Math.min(live.current.config.drain.accept, graceMs);
      parts.selfProbe.close();
      const end = deps.controls?.drain ?? drain;
      const report = await end({ clock, health, pipeline, front }, { acceptMs, graceMs });
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
      stateDir,
      stages: explain(stages),
    };
  } catch (cause) {
    await release();
    throw cause;
  }
}

import { createLogger, type HeldOutput, type LeveledLogger } from "@loadline/kit/logger";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import type { BreakerView } from "../breaker/board.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { gatewayErrors } from "../errors.ts";
import type { DrainReport } from "../health/drain.ts";
import type { HealthAnswer } from "../pipeline/answer.ts";
import { createSwaps, type ModelSwaps, type Rechecked } from "../models/index.ts";
import { explainStages } from "../pipeline/explain.ts";
import type { Gateway, GatewayDeps } from "../gateway.ts";
import { createGateway } from "../server.ts";
import type { TlsMaterial } from "../tls/material.ts";
import { openLogOutput } from "../telemetry/log-output.ts";
import { readDurationBounds } from "../telemetry/slo-bounds.ts";
import { type OpenedTls, openTls, readTls } from "../tls/wire.ts";
import { checkTargets } from "../routing/compile.ts";
import { digestOf } from "../snapshot/compare.ts";
import { createReloadMetrics } from "../snapshot/metrics.ts";
import type { ReloadReport } from "../snapshot/reloader.ts";
import type { HostState, Override, SupervisorCalls, WorkerCalls, WorkerPlan } from "./calls.ts";
import { isRoundRobin } from "./distribution.ts";
import { claimPort } from "./free-port.ts";
import { type KeptState, openKeptState } from "./kept-state.ts";
import { mergeBreakers } from "./merge-breakers.ts";
import { mergeHealth } from "./merge-health.ts";
import { addMetrics, type MergedMetrics, renderMetrics } from "./merge-metrics.ts";
import { createWorkerMetrics } from "./metrics.ts";
import { packConfig } from "./pass-config.ts";
import { faultOf, type Handlers } from "./peer.ts";
import { type RunningWorker, WorkerPool } from "./pool.ts";

/** A gateway in as many processes as `config.workers` says. Rejects like `createGateway`. */
export function openGateway(config: GatewayConfig, deps: GatewayDeps): Promise<Gateway> {
  return config.workers === 1 ? createGateway(config, deps) : createSupervisor(config, deps);
}

/** A worker that does not answer within this time is left out, or stops a reload. */
const askMs = 1000;
/** Counts of a worker that is killed are known up to this long before. */
const keepCountsMs = 2000;
/** Beyond its grace a worker may take this long to write what it still has. */
const endMs = 10_000;

async function createSupervisor(config: GatewayConfig, deps: GatewayDeps): Promise<Gateway> {
  const { clock } = deps;
  const metrics = createMetrics();
  const output = openLogOutput(deps, metrics);
  const logger = createLogger({ clock, write: output.write, level: config.log.level });
  const certificates = readTls(config, clock);
  const durationBounds = await readDurationBounds(config.telemetry.slos);
  await checkTargets(config);
  let onHost: (state: HostState) => void = () => undefined;
  const state = await openKeptState(config, {
    ...deps,
    logger,
    metrics,
    onHost: (told) => onHost(told),
  });
  const kept = { state, logger, output, metrics, certificates, durationBounds };
  const supervisor = new Supervisor(config, deps, kept);
  onHost = (told) => supervisor.tell("host", told);
  return supervisor;
}

interface Kept {
  readonly state: KeptState;
  readonly logger: LeveledLogger;
  readonly output: HeldOutput;
  readonly metrics: Metrics;
  readonly certificates: TlsMaterial | undefined;
  readonly durationBounds: readonly number[];
}

/** Holds what there is once, and the workers that serve; serves nothing itself. */
class Supervisor implements Gateway {
  url = "";
  readonly stages: Gateway["stages"];
  readonly #deps: GatewayDeps;
  readonly #kept: Kept;
  readonly #pool: WorkerPool;
  readonly #reloads: ReturnType<typeof createReloadMetrics>;
  readonly #startedAt: string;
  readonly #isRoundRobin: boolean;
  readonly #models: ModelSwaps;
  readonly #overrides = new Map<string, Override>();
  /** What workers that ended have counted. */
  readonly #counted: MergedMetrics = new Map();
  readonly #stop = new AbortController();
  /** Certificates that a worker begins with when the files are bad; the workers tell of those. */
  readonly #tls: OpenedTls;
  #config: GatewayConfig;
  /** The last reload was refused: what runs is not what is written. */
  #isStale = false;
  #port = 0;
  #closing: Promise<DrainReport> | undefined;

  constructor(config: GatewayConfig, deps: GatewayDeps, kept: Kept) {
    this.#config = config;
    this.#deps = deps;
    this.#kept = kept;
    this.stages = explainStages(config);
    this.#isRoundRobin = isRoundRobin(config.http.distribution);
    this.#startedAt = new Date(deps.clock.wallMs()).toISOString();
    const { signal } = this.#stop;
    const { clock } = deps;
    const untold = createLogger({ clock, write: () => undefined, level: "silent" });
    const quiet = { clock, signal, logger: untold, metrics: createMetrics() };
    this.#tls = openTls(config, kept.certificates, quiet);
    this.#models = createSwaps({
      logger: kept.logger,
      metrics: kept.metrics,
      audit: kept.state.audit,
      slots: () => kept.state.hosts.slots(),
      models: () => this.#config.models,
      chosen: kept.state.chosen,
    });
    this.#reloads = createReloadMetrics(kept.metrics, () => digestOf(this.#config));
    this.#pool = new WorkerPool({
      clock: deps.clock,
      logger: kept.logger,
      wanted: config.workers,
      isRoundRobin: this.#isRoundRobin,
      log: kept.output.write,
      handlersOf: (id) => this.#handlers(id),
      plan: () => this.#plan(),
      onEnded: (worker) => {
        addMetrics(this.#counted, worker.lastText, { onlyCounts: true });
        kept.state.forget(worker.id);
      },
    });
    this.#define(kept.metrics);
  }

  get firstKey(): Gateway["firstKey"] {
    return this.#kept.state.identity.firstKey;
  }

  get identity(): Gateway["identity"] {
    return this.#kept.state.identity;
  }

  get stateDir(): string {
    return this.#kept.state.stateDir;
  }

  async start(): Promise<{ url: string }> {
    this.#port = await claimPort(this.#config.listen, this.#isRoundRobin);
    this.url = await this.#pool.start();
    this.#kept.logger.info("listening", { url: this.url, workers: this.#config.workers });
    void this.#keepCounts();
    return { url: this.url };
  }

  async whenReady(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.#pool.serving.map((one) => one.handle.peer.call("ready", undefined)));
    signal?.throwIfAborted();
  }

  reload(next?: GatewayConfig): Promise<ReloadReport> {
    return this.#pool.exclusive(() => this.#reload(next));
  }

  close(o?: { graceMs?: number }): Promise<DrainReport> {
    this.#closing ??= this.#close(o?.graceMs);
    return this.#closing;
  }

  /** A worker that begins hears it, too: what it was answered when it asked may have changed since. */
  tell<K extends keyof WorkerCalls>(op: K, ask: WorkerCalls[K]["ask"], except?: number): void {
    for (const { id, handle } of this.#pool.running) if (id !== except) handle.peer.tell(op, ask);
  }

  async #close(graceMs: number | undefined): Promise<DrainReport> {
    const { logger, state } = this.#kept;
    this.#stop.abort(new Error("the gateway was closed"));
    const report = { finished: 0, cut: 0 };
    const boundMs = (graceMs ?? this.#config.drain.grace) + endMs;
    const drain = async ({ id, handle }: RunningWorker): Promise<void> => {
      try {
        const one = await handle.peer.call("drain", { graceMs }, boundMs);
        report.finished += one.finished;
        report.cut += one.cut;
      } catch (cause) {
        logger.error("worker not drained", { worker: id, text: String(cause) });
      }
    };
    await this.#pool.close(drain, boundMs);
    logger.info("closed", report);
    await state.close();
    logger.flush();
    this.#kept.output.close();
    return report;
  }

  /** First all workers check and open what is new, then all go over to it; or none does. */
  async #reload(next: GatewayConfig | undefined): Promise<ReloadReport> {
    const workers = this.#pool.serving;
    let rechecked: Rechecked | undefined;
    try {
      const config = next ?? (await this.#deps.readConfig?.()) ?? this.#config;
      await checkTargets(config, this.#config);
      rechecked = await this.#kept.state.chosen.recheck(config.models.registered);
      const packed = packConfig(config);
      const files = this.#tls.prepare(config);
      await this.#all(workers, "prepare", { config: packed });
      files?.install();
      this.#config = config;
      this.#isStale = false;
      rechecked.keep();
      const report = await this.#commit(workers);
      this.#kept.logger.setLevel(config.log.level);
      const outcome = report?.outcome ?? "applied";
      this.#reloads.onReload(outcome);
      return { outcome, digest: digestOf(config), changed: report?.changed ?? [] };
    } catch (cause) {
      rechecked?.undo();
      for (const { handle } of workers) handle.peer.tell("abort", undefined);
      return this.#refuse(cause);
    }
  }

  /** What was prepared cannot fail; a worker that does not say so is replaced by one that has it. */
  async #commit(workers: readonly RunningWorker[]): Promise<ReloadReport | undefined> {
    const asked = workers.map((one) => one.handle.peer.call("commit", undefined, askMs));
    const results = await Promise.allSettled(asked);
    let report: ReloadReport | undefined;
    results.forEach((result, i) => {
      if (result.status === "fulfilled") report ??= result.value;
      else workers[i]?.handle.kill();
    });
    return report;
  }

  #refuse(cause: unknown): ReloadReport {
    const { code, message } = faultOf(cause);
    const known = code === "" ? "LL_INTERNAL_UNEXPECTED" : code;
    this.#isStale = true;
    const outcome = code === "LL_CONFIG_RESTART_NEEDED" ? "restart_needed" : "invalid";
    this.#reloads.onReload(outcome);
    this.#kept.logger.error("config.refused", { code: known, text: message });
    const problem = `${known} ${message}`;
    return { outcome, digest: digestOf(this.#config), changed: [], problem };
  }

  /** Asks all; rejects when one refuses, unless it ended meanwhile. */
  async #all<K extends keyof WorkerCalls>(
    workers: readonly RunningWorker[],
    op: K,
    ask: WorkerCalls[K]["ask"],
  ): Promise<WorkerCalls[K]["answer"][]> {
    const asked = workers.map((one) => one.handle.peer.call(op, ask, askMs));
    const results = await Promise.allSettled(asked);
    const answers: WorkerCalls[K]["answer"][] = [];
    results.forEach((result, i) => {
      if (result.status === "fulfilled") answers.push(result.value);
      else if (workers[i]?.isServing) throw result.reason;
    });
    return answers;
  }

  #plan(): WorkerPlan {
    return {
      config: packConfig(this.#config),
      version: this.#deps.version ?? "0.0.0",
      commit: this.#deps.commit,
      port: this.#port,
      canReload: this.#deps.readConfig !== undefined,
      overrides: [...this.#overrides],
      tlsFiles: this.#tls.files(),
      durationBounds: this.#kept.durationBounds,
    };
  }

  #handlers(id: number): Handlers<SupervisorCalls> {
    const { state } = this.#kept;
    const { hosts, limits, stores } = state;
    return {
      sql: (ask) => state.sql(this.#known(id), ask),
      appendAudit: ({ tenantId, drafts }) => state.append(tenantId, drafts),
      appendUsage: (batch) => stores.usage.append(batch),
      limits: (call) => limits.run(call, String(this.#known(id))),
      openHost: (ask) => hosts.open(this.#known(id), ask),
      startHost: (ask) => hosts.start(ask.id),
      closeHost: (ask) => hosts.close(id, ask.id),
      metrics: () => this.#metricsText(),
      health: () => this.#health(),
      reload: () => this.reload(),
      breakers: () => this.#breakers(),
      override: (ask) => this.#override(ask),
      addressFailed: (ask) => this.tell("addressFailed", ask, id),
      models: () => this.#models.list(),
      swapModel: ({ target, to }) => this.#models.swap(target, to),
      rollbackModel: ({ target }) => this.#models.rollback(target),
      modelTripped: ({ target }) => this.#models.tripped(target),
    };
  }

  /** What a worker asked before it ended may arrive after it: nothing is held for it any more. */
  #known(id: number): number {
    if (this.#pool.has(id)) return id;
    throw gatewayErrors.make("LL_SERVER_WORKER");
  }

  async #metricsText(): Promise<string> {
    await Promise.all(this.#pool.serving.map((worker) => this.#readMetrics(worker)));
    const merged: MergedMetrics = new Map();
    addMetrics(merged, this.#kept.metrics.render(), { onlyCounts: false });
    for (const { lastText } of this.#pool.serving)
      addMetrics(merged, lastText, { onlyCounts: false });
    addMetrics(merged, renderMetrics(this.#counted), { onlyCounts: true });
    return renderMetrics(merged);
  }

  /** One that does not answer is shown as it was last seen. */
  async #readMetrics(worker: RunningWorker): Promise<void> {
    try {
      worker.lastText = await worker.handle.peer.call("metrics", undefined, askMs);
    } catch (cause) {
      this.#kept.logger.warn("worker.metrics", { worker: worker.id, text: String(cause) });
    }
  }

  async #keepCounts(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#deps.clock.sleep(keepCountsMs, signal).catch(() => undefined);
      if (!signal.aborted)
        await Promise.all(this.#pool.serving.map((worker) => this.#readMetrics(worker)));
    }
  }

  async #health(): Promise<HealthAnswer> {
    const answers = await this.#answers("health");
    const running = answers.length;
    const wanted = this.#config.workers;
    const isShort = running < wanted || this.#pool.isDegraded;
    const state = running === 0 ? "down" : isShort ? "degraded" : "ok";
    const { restarts } = this.#pool;
    return mergeHealth(answers, {
      workers: { required: true, state, running, wanted, restarts },
      startedAt: this.#startedAt,
      isStale: this.#isStale,
    });
  }

  async #breakers(): Promise<readonly BreakerView[]> {
    return mergeBreakers(await this.#answers("breakers"));
  }

  async #override(ask: { readonly id: string; readonly to: Override }): Promise<boolean> {
    if (ask.to === "auto") this.#overrides.delete(ask.id);
    else this.#overrides.set(ask.id, ask.to);
    const done = await this.#all(this.#pool.serving, "override", ask);
    return done.includes(true);
  }

  /** What the workers answer that do within 1 s. */
  async #answers<K extends "health" | "breakers">(op: K): Promise<WorkerCalls[K]["answer"][]> {
    const asked = this.#pool.serving.map((one) => one.handle.peer.call(op, undefined, askMs));
    const results = await Promise.allSettled(asked);
    return results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  }

  #define(metrics: Metrics): void {
    createWorkerMetrics(metrics, () => ({
      restarts: this.#pool.restarts,
      serving: this.#pool.serving.length,
    }));
    const rss = metrics.gauge("process_resident_memory_bytes", "Resident memory.", {});
    const cpu = metrics.counter("process_cpu_seconds", "CPU time used, user and system.", {});
    metrics.onRender(() => {
      const used = process.cpuUsage();
      rss.set(0, process.memoryUsage.rss());
      cpu.add(0, (used.user + used.system) / 1e6 - cpu.value(0));
    });
  }
}

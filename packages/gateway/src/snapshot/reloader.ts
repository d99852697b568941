import type { Logger } from "@loadline/kit/logger";
import { LoadlineError } from "@loadline/kit/errors";
import type { ExchangeAuditConfig } from "../audit-log/exit.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Target } from "../routing/routes.ts";
import { isSame } from "./compare.ts";
import type { MetricNames } from "./names.ts";
import type { ReloadMetrics, ReloadOutcome } from "./metrics.ts";
import { liveChanges } from "./restart.ts";
import { compileSnapshot, type Live, type Snapshot } from "./snapshot.ts";
import { nextTargets, type TargetDeps } from "./targets.ts";

/** Reads the configuration anew and checks it; throws LL_CONFIG_*. */
export type ReadConfig = () => GatewayConfig | Promise<GatewayConfig>;

/** What a reload did. */
export interface ReloadReport {
  readonly outcome: ReloadOutcome;
  /** Names the configuration that is in force now. */
  readonly digest: string;
  /** Paths that changed, such as `targets.a` and `limits`; empty unless applied. */
  readonly changed: readonly string[];
  /** Code and message when nothing was applied. */
  readonly problem?: string;
}

/** Files beside the configuration, read and checked. */
export interface PreparedFiles {
  readonly isChanged: boolean;
  /** May not fail. */
  install(): void;
}

/** What a configuration needs on this machine was found to be there; one of the two ends that. */
export interface Looked {
  /** The configuration is in force. */
  keep(): void;
  /** It was refused: nothing is to be left of it. */
  undo(): void;
}

export interface ReloaderDeps {
  readonly live: { current: Snapshot };
  readonly names: MetricNames;
  readonly metrics: ReloadMetrics;
  readonly logger: Logger;
  readonly targets: TargetDeps;
  /** Looks at what a configuration needs before its turn; rejects with what is wrong with it. */
  look?(config: GatewayConfig): Promise<Looked | undefined>;
  /** Reads the files that a configuration names; throws what is wrong with them. */
  readFiles?(config: GatewayConfig): PreparedFiles | undefined;
  /** Lets every part go over to the snapshot that is current now; may not fail. */
  install(next: Snapshot): void;
  /** Checks what `install` would compile; throws what is wrong with it. */
  check(config: GatewayConfig): void;
  /** Takes the targets that left the configuration. */
  retire(targets: readonly Target[]): void;
}

/** A configuration that was checked and opened, to be gone over to or given up. */
export interface Prepared {
  /** May not fail. */
  commit(): ReloadReport;
  abort(): void;
}

export interface Reloader {
  /** Does all of a reload that may fail; throws what is wrong and leaves everything as it is. */
  prepare(config: GatewayConfig): Prepared;
  /**
   * Goes over to another configuration, or says why not and leaves everything as it is. Reloads are
   * done one after another, in the order in which they were asked for.
   */
  apply(config: GatewayConfig): Promise<ReloadReport>;
  /** The same with a configuration that is read first. One that waits to be read serves all. */
  read(read: ReadConfig): Promise<ReloadReport>;
  /** The last reload was refused: what runs is not what is written. */
  readonly isStale: boolean;
}

export function createReloader(deps: ReloaderDeps): Reloader {
  return new SnapshotReloader(deps);
}

class SnapshotReloader implements Reloader {
  isStale = false;
  readonly #deps: ReloaderDeps;
  #running: Promise<unknown> = Promise.resolve();
  /** A read that has not begun: whoever asks meanwhile gets its report. */
  #waiting: Promise<ReloadReport> | undefined;

  constructor(deps: ReloaderDeps) {
    this.#deps = deps;
  }

  apply(config: GatewayConfig): Promise<ReloadReport> {
    // Whoever asks for what is written from now on gets it after this one.
    this.#waiting = undefined;
    return this.#inTurn(() => config);
  }

  read(read: ReadConfig): Promise<ReloadReport> {
    const begun = (): ReturnType<ReadConfig> => {
      this.#waiting = undefined;
      return read();
    };
    this.#waiting ??= this.#inTurn(begun);
    return this.#waiting;
  }

  #inTurn(read: ReadConfig): Promise<ReloadReport> {
    const report = this.#running.then(() => this.#reload(read));
    this.#running = report;
    return report;
  }

  async #reload(read: ReadConfig): Promise<ReloadReport> {
    let looked: Looked | undefined;
    try {
      const config = await read();
      looked = await this.#deps.look?.(config);
      const report = this.prepare(config).commit();
      looked?.keep();
      return report;
    } catch (cause) {
      looked?.undo();
      return this.#refuse(cause);
    }
  }

  /** Everything that may fail comes first; then one turn changes all there is to change. */
  prepare(config: GatewayConfig): Prepared {
    const { live, names } = this.#deps;
    const before = live.current;
    const isEqual = isSame(before.config, config);
    const files = this.#deps.readFiles?.(config);
    if (isEqual && files?.isChanged !== true)
      return { commit: () => this.#unchanged(files), abort: () => undefined };
    const changed = isEqual ? ["tls.files"] : liveChanges(before.config, config);
    this.#deps.check(config);
    const { targets, opened } = nextTargets(config, before, this.#deps.targets);
    let next: Snapshot;
    try {
      names.grow(config);
      next = compileSnapshot(config, targets, names);
    } catch (cause) {
      this.#deps.retire(opened);
      throw cause;
    }
    return {
      commit: () => {
        files?.install();
        return this.#install(next, changed);
      },
      abort: () => this.#deps.retire(opened),
    };
  }

  #unchanged(files: PreparedFiles | undefined): ReloadReport {
    files?.install();
    this.isStale = false;
    this.#deps.metrics.onReload("unchanged");
    return { outcome: "unchanged", digest: this.#deps.live.current.digest, changed: [] };
  }

  #install(next: Snapshot, changed: readonly string[]): ReloadReport {
    const { live, metrics, logger } = this.#deps;
    const before = live.current;
    live.current = next;
    this.#deps.install(next);
    const isLeft = (target: Target): boolean => next.targets.get(target.name) !== target;
    this.#deps.retire([...before.targets.values()].filter(isLeft));
    this.isStale = false;
    metrics.onReload("applied");
    logger.info("config.applied", { digest: next.digest, changed: changed.join(", ") });
    return { outcome: "applied", digest: next.digest, changed };
  }

  #refuse(cause: unknown): ReloadReport {
    const { live, metrics, logger } = this.#deps;
    const { digest } = live.current;
    this.isStale = true;
    const isKnown = cause instanceof LoadlineError;
    const code = isKnown ? cause.code : "LL_INTERNAL_UNEXPECTED";
    const text = cause instanceof Error ? cause.message : String(cause);
    const outcome = code === "LL_CONFIG_RESTART_NEEDED" ? "restart_needed" : "invalid";
    metrics.onReload(outcome);
    logger.error("config.refused", { code, text, digest });
    return { outcome, digest, changed: [], problem: `${code} ${text}` };
  }
}

/** The view of a section that follows reloads, for parts that read it at each call. */
export function liveAuditLog(live: Live): ExchangeAuditConfig {
  return {
    get requests() {
      return live.current.config.auditLog.requests;
    },
    get sync() {
      return live.current.config.auditLog.sync;
    },
    hasModel: (name) => live.current.routes.byModel.has(name),
  };
}

import { type Clock, monotonicUs } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { sealDraft } from "../audit-log/entry.ts";
import { openAuditLog, type OpenedAuditLog } from "../audit-log/open.ts";
import { openLedger } from "../budgets/ledger.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { openIdentity, type WiredIdentity } from "../identity/wire.ts";
import { ScriptTable } from "../limits/script-table.ts";
import { openState } from "../state/state.ts";
import { type OpenedStores, openStores } from "../state/wire.ts";
import type { AuditDraft, AuditHead } from "../state/rows.ts";
import type { OpenWriter } from "../state/sqlite/open.ts";
import { type SqlLane, SqlThread } from "../state/sqlite/thread.ts";
import { type ChosenFiles, openChosen } from "../models/index.ts";
import type { HostState, SqlAsk } from "./calls.ts";
import { KeptHosts } from "./kept-hosts.ts";

export interface KeptStateDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  onHost(state: HostState): void;
}

/** Everything of a gateway that there is once, however many processes serve. */
export interface KeptState {
  readonly stateDir: string;
  readonly stores: OpenedStores;
  readonly identity: WiredIdentity;
  readonly audit: OpenedAuditLog;
  readonly limits: ScriptTable;
  readonly hosts: KeptHosts;
  readonly chosen: ChosenFiles;
  /** One statement or step of a transaction of a worker. */
  sql(worker: number, ask: SqlAsk): ReturnType<SqlGate["run"]>;
  /** Extends a chain, or leaves that to the spool. */
  append(tenantId: string, drafts: readonly AuditDraft[]): Promise<AuditHead>;
  /** A worker ended: what it held open is ended, too. */
  forget(worker: number): void;
  close(): Promise<void>;
}

/** Transactions that workers have open on the one writer. */
class SqlGate {
  readonly #open = new Map<number, number>();
  readonly #lane: () => SqlLane | undefined;

  constructor(lane: () => SqlLane | undefined) {
    this.#lane = lane;
  }

  async run(worker: number, ask: SqlAsk) {
    const lane = this.#lane();
    if (!lane) throw new TypeError("this gateway does not write to SQLite");
    const noRows = { rows: [], changes: 0 };
    if (ask.op === "query") {
      return { tx: ask.tx, result: await lane.query(ask.tx, ask.statement) };
    }
    if (ask.op === "begin") {
      const tx = await lane.begin();
      this.#open.set(tx, worker);
      return { tx, result: noRows };
    }
    this.#open.delete(ask.tx);
    await lane.end(ask.tx, ask.op);
    return { tx: 0, result: noRows };
  }

  /** Its transactions are rolled back, so that nobody waits for them to run out. */
  forget(worker: number, onFault: (cause: unknown) => void): void {
    for (const [tx, owner] of this.#open) {
      if (owner !== worker) continue;
      this.#open.delete(tx);
      this.#lane()?.end(tx, "rollback").catch(onFault);
    }
  }
}

/** Opens state, stores, audit log and identity for all workers. Rejects like `createGateway`. */
export async function openKeptState(
  config: GatewayConfig,
  deps: KeptStateDeps,
): Promise<KeptState> {
  const { clock, random, logger, metrics } = deps;
  const state = openState(config.stateDir, { clock, random }, { exclusive: true });
  const runDir = makeScratchFolder("ll-");
  const stop = new AbortController();
  const closers: (() => Promise<void> | void)[] = [
    () => runDir[Symbol.dispose](),
    () => state.close(),
  ];
  const close = async (): Promise<void> => {
    stop.abort(new Error("the gateway was closed"));
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    let lane: SqlLane | undefined;
    const writer: OpenWriter = (plan, at) => (lane = new SqlThread(plan, at));
    const stores = await openStores(config, { clock, logger, metrics, writer, isOwner: true });
    closers.push(() => stores.close());
    const { store, repositories } = stores;
    const base = { clock, random, logger, metrics, store, repositories, stateDir: state.dir };
    const audit = openAuditLog(config.auditLog, base);
    closers.push(() => audit.end());
    const identity = await openIdentity(config, { ...base, audit, pepper: state.pepper });
    closers.push(() => identity.close());
    const limits = openLimits(config, deps, stores);
    closers.push(() => limits.close());
    const chosen = await openChosen(state.dir, config.models.registered, logger);
    closers.push(() => chosen.written());
    const told = {
      clock,
      logger,
      signal: stop.signal,
      runDir: runDir.path,
      chosen,
      tell: deps.onHost,
    };
    const hosts = new KeptHosts(told);
    closers.push(() => hosts.closeAll());
    const gate = new SqlGate(() => lane);
    const onFault = (cause: unknown): void =>
      logger.warn("worker.transaction", { text: String(cause) });
    return {
      stateDir: state.dir,
      stores,
      identity,
      audit,
      limits,
      hosts,
      chosen,
      sql: (worker, ask) => gate.run(worker, ask),
      append: (tenantId, drafts) => repositories.audit.append(tenantId, drafts, sealDraft),
      forget(worker) {
        gate.forget(worker, onFault);
        limits.forget(String(worker));
        hosts.forget(worker);
      },
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

function openLimits(
  config: GatewayConfig,
  { clock, logger }: KeptStateDeps,
  { repositories }: OpenedStores,
): ScriptTable {
  const nowUs = (): number => monotonicUs(clock);
  const wallMs = (): number => clock.wallMs();
  const { budgets } = repositories;
  const ledger =
    config.stores.redis === null
      ? openLedger(config.limits, { clock, logger, budgets })
      : undefined;
  return new ScriptTable({ nowUs, wallMs, ledger });
}

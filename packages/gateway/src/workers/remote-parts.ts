import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { HostKeeper, Hosting, ModelSwaps } from "../models/index.ts";
import type { Records } from "../state/records.ts";
import type { SqlResult, SqlStatement } from "../state/sqlite/protocol.ts";
import type { SqlLane } from "../state/sqlite/thread.ts";
import type { Store } from "../state/store.ts";
import type { HostState, SqlAsk, SupervisorCalls, WorkerCalls } from "./calls.ts";
import type { Peer } from "./peer.ts";

/** A worker's end of the channel to its supervisor. */
export type ToSupervisor = Peer<SupervisorCalls, WorkerCalls>;

/** Writes by the supervisor's thread, the only one that commits to the file. */
export class RemoteWriter implements SqlLane {
  readonly isRunning = false;
  readonly #peer: ToSupervisor;
  #pending = 0;

  constructor(peer: ToSupervisor) {
    this.#peer = peer;
  }

  get pending(): number {
    return this.#pending;
  }

  async query(tx: number, statement: SqlStatement): Promise<SqlResult> {
    return (await this.#ask({ op: "query", tx, statement })).result;
  }

  async begin(): Promise<number> {
    return (await this.#ask({ op: "begin", tx: 0 })).tx;
  }

  async end(tx: number, op: "commit" | "rollback"): Promise<void> {
    await this.#ask({ op, tx });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #ask(ask: SqlAsk): Promise<{ readonly tx: number; readonly result: SqlResult }> {
    this.#pending++;
    try {
      return await this.#peer.call("sql", ask);
    } finally {
      this.#pending--;
    }
  }
}

/** Usage and audit events go to the supervisor: it alone extends chains and fills spools. */
export function remoteRecords(peer: ToSupervisor, store: Store): Records {
  const { audit } = store.repositories;
  return {
    audit: {
      ...audit,
      append: (tenantId, drafts) => peer.call("appendAudit", { tenantId, drafts }),
    },
    usage: { append: (batch) => peer.call("appendUsage", batch) },
    close: () => Promise.resolve(),
  };
}

export interface RemoteHosts extends HostKeeper {
  /** The supervisor told how a host is. */
  onState(state: HostState): void;
}

/** Model hosts that the supervisor keeps. */
export function remoteHosts(
  peer: ToSupervisor,
  { logger }: { clock: Clock; logger: Pick<Logger, "warn"> },
): RemoteHosts {
  const states = new Map<number, HostState>();
  const onState = (state: HostState): void => void states.set(state.id, state);
  const failed = (cause: unknown): void => {
    const text = cause instanceof Error ? cause.message : String(cause);
    logger.warn("model host not asked for", { text });
  };
  return {
    onState,
    open(name, plan, isStandby): Hosting {
      let id = -1;
      let isClosed = false;
      const opened = peer.call("openHost", { name, plan, isStandby }).then(async (state) => {
        ({ id } = state);
        if (isClosed) await peer.call("closeHost", { id });
        else if (!states.has(id)) onState(state);
      });
      opened.catch(failed);
      const now = (): HostState | undefined => states.get(id);
      return {
        get socketPath() {
          return now()?.socketPath ?? "";
        },
        isReady: () => now()?.isReady ?? false,
        get isStandby() {
          return now()?.isStandby ?? isStandby;
        },
        start() {
          opened.then(() => peer.call("startHost", { id })).catch(failed);
        },
        async close() {
          isClosed = true;
          if (id >= 0) await peer.call("closeHost", { id }).catch(failed);
        },
      };
    },
  };
}

/** A swap loads a model and asks it many times. */
const swapMs = 900_000;

/** Swaps of the models that the supervisor keeps. */
export function remoteSwaps(peer: ToSupervisor): ModelSwaps {
  return {
    list: () => peer.call("models", undefined),
    swap: (target, to) => peer.call("swapModel", { target, to }, swapMs),
    rollback: (target) => peer.call("rollbackModel", { target }),
    tripped: (target) => peer.tell("modelTripped", { target }),
  };
}

import { Worker } from "node:worker_threads";
import type { Clock, Timer } from "@loadline/kit/clock";
import { endThread } from "@loadline/kit/threads";
import { gatewayErrors } from "../../errors.ts";
import {
  isConflict,
  type SqlOrder,
  type SqlFault,
  type SqlRequest,
  type SqlResult,
  type SqlStatement,
  type SqlThreadMessage,
  type SqlThreadPlan,
} from "./protocol.ts";

const pendingMax = 20_000;
const closeMs = 1000;
const closePollMs = 2;
/** For a thread to end once it was told to: what it is in the middle of is one statement. */
const endMs = 1000;

interface Pending {
  resolve(result: SqlResult): void;
  reject(error: Error): void;
}

/** Where statements are run one after the other; `tx` 0 is a statement of its own. */
export interface SqlLane {
  /** Statements that have no answer yet. */
  readonly pending: number;
  readonly isRunning: boolean;
  query(tx: number, statement: SqlStatement): Promise<SqlResult>;
  begin(): Promise<number>;
  end(tx: number, op: "commit" | "rollback"): Promise<void>;
  close(): Promise<void>;
}

/**
 * One database handle in a thread of its own; the thread starts with the first call and again
 * after it ended. Rejects with LL_STATE_UNAVAILABLE or LL_STATE_CONFLICT.
 */
export class SqlThread implements SqlLane {
  readonly #plan: SqlThreadPlan;
  readonly #clock: Clock;
  readonly #idleMs: number | undefined;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #next = 1;
  #nextTx = 1;
  #isClosed = false;
  #idle: Timer | undefined;
  /** Resolves when every thread that was told to end is gone. */
  #ending: Promise<void> = Promise.resolve();

  /**
   * A thread costs 14 MB, 26 MB where Node strips its types anew (measured): it ends after `idleMs`
   * without a call, never when that is undefined.
   */
  constructor(plan: SqlThreadPlan, clock: Clock, idleMs?: number) {
    this.#plan = plan;
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  query(tx: number, statement: SqlStatement): Promise<SqlResult> {
    return this.#send((id) => ({ id, tx, op: "query", statement }));
  }

  /** Resolves with the transaction's number once it alone may write. */
  async begin(): Promise<number> {
    const tx = this.#nextTx++;
    await this.#send((id) => ({ id, tx, op: "begin" }));
    return tx;
  }

  /** Resolves when the transaction is on the disk. */
  async end(tx: number, op: "commit" | "rollback"): Promise<void> {
    await this.#send((id) => ({ id, tx, op }));
  }

  /**
   * Takes nothing more, waits up to 1 s for what is under way, refuses the rest and ends the thread,
   * which has 1 s more for it.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    const untilMs = this.#clock.monotonicMs() + closeMs;
    while (this.#pending.size > 0 && this.#clock.monotonicMs() < untilMs)
      await this.#clock.sleep(closePollMs);
    const worker = this.#worker;
    this.#lose({ message: "the store was closed", errcode: 0 });
    if (worker) this.#end(worker);
    await this.#ending;
  }

  #send(requestOf: (id: number) => SqlRequest): Promise<SqlResult> {
    if (this.#isClosed) return Promise.reject(unavailable("the store is closed"));
    if (this.#pending.size >= pendingMax)
      return Promise.reject(unavailable(`${pendingMax} calls wait`));
    const worker = (this.#worker ??= this.#start());
    this.#idle?.cancel();
    const id = this.#next++;
    const answer = new Promise<SqlResult>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    if (this.#pending.size === 1) worker.ref();
    worker.postMessage(requestOf(id));
    return answer;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./sql-worker.ts", import.meta.url), {
      workerData: this.#plan,
      // Flags of the parent such as --input-type are refused for a thread of its own file.
      execArgv: [],
    });
    worker.unref();
    worker.on("message", (message: SqlThreadMessage) => {
      if ("open" in message) return;
      if ("fatal" in message) this.#lose(message.fatal);
      else this.#settle(worker, message);
    });
    worker.on("error", (error) => this.#lose({ message: error.message, errcode: 0 }));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#lose({ message: "the thread ended", errcode: 0 });
    });
    return worker;
  }

  #settle(worker: Worker, reply: Exclude<SqlThreadMessage, { open: true } | { fatal: SqlFault }>) {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#rest(worker);
    if ("result" in reply) pending?.resolve(reply.result);
    else pending?.reject(stateError(reply.fault));
  }

  #rest(worker: Worker): void {
    worker.unref();
    if (this.#idleMs === undefined) return;
    const end = (): void => {
      this.#worker = undefined;
      this.#end(worker);
    };
    this.#idle = this.#clock.after(this.#idleMs, end, { unref: true });
  }

  #end(worker: Worker): void {
    const ask = (): void => worker.postMessage({ op: "end" } satisfies SqlOrder);
    const earlier = this.#ending;
    const ended = endThread(worker, { clock: this.#clock, withinMs: endMs, ask });
    this.#ending = ended.then(() => earlier);
  }

  /** The next call starts another thread. */
  #lose(fault: SqlFault): void {
    this.#idle?.cancel();
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.unref();
    for (const pending of this.#pending.values()) pending.reject(stateError(fault));
    this.#pending.clear();
  }
}

export function stateError(fault: SqlFault): Error {
  if (isConflict(fault))
    return gatewayErrors.make("LL_STATE_CONFLICT", undefined, { detail: fault.message });
  return unavailable(fault.message);
}

const unavailable = (detail: string): Error =>
  gatewayErrors.make("LL_STATE_UNAVAILABLE", undefined, { detail });

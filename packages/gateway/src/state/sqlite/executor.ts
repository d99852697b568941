import type { DatabaseSync } from "node:sqlite";
import type { Clock, Timer } from "@loadline/kit/clock";
import {
  faultOf,
  noResult,
  type SqlFault,
  type SqlReply,
  type SqlRequest,
  type SqlResult,
} from "./protocol.ts";
import { Statements } from "./statements.ts";

/** A batch is committed at the first chance after this age, however much still waits. */
const batchMs = 10;
const transactionMs = 3000;
const waitingMax = 10_000;

export interface ExecutorDeps {
  readonly clock: Clock;
  readonly reply: (reply: SqlReply) => void;
  /** Runs `run` once everything that has arrived was executed. */
  readonly soon: (run: () => void) => void;
}

/**
 * Group commit on the one handle that writes. Statements and transactions run one after the other,
 * each in a savepoint of one batch; the batch is committed when nothing more waits or after 10 ms,
 * and only then are its writes answered. A transaction left open for 3 s is rolled back.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #deps: ExecutorDeps;
  readonly #statements: Statements;
  readonly #waiting: SqlRequest[] = [];
  /** Answers that become true with the commit. */
  #held: { id: number; result: SqlResult }[] = [];
  #openTx = 0;
  #openTimer: Timer | undefined;
  #batchSinceMs = 0;
  #isCommitDue = false;

  constructor(db: DatabaseSync, deps: ExecutorDeps) {
    this.#db = db;
    this.#deps = deps;
    this.#statements = new Statements(db);
  }

  request(request: SqlRequest): void {
    if (this.#openTx !== 0 && request.tx === this.#openTx) this.#step(request);
    else if (this.#openTx === 0 && this.#waiting.length === 0) this.#start(request);
    else if (this.#waiting.length < waitingMax) this.#waiting.push(request);
    else this.#fail(request.id, { message: "too many writes wait", errcode: 0 });
    this.#drain();
  }

  #drain(): void {
    while (this.#openTx === 0) {
      if (this.#db.isTransaction && this.#ageMs() >= batchMs) this.#commit();
      const next = this.#waiting.shift();
      if (!next) break;
      this.#start(next);
    }
    if (this.#openTx !== 0 || this.#isCommitDue || !this.#db.isTransaction) return;
    this.#isCommitDue = true;
    this.#deps.soon(() => {
      this.#isCommitDue = false;
      // A transaction that began meanwhile belongs to the batch: its end leads here again.
      if (this.#openTx === 0) this.#commit();
    });
  }

  #ageMs(): number {
    return this.#deps.clock.monotonicMs() - this.#batchSinceMs;
  }

  /** A statement of its own, or the begin of a transaction; anything else came too late. */
  #start(request: SqlRequest): void {
    if (request.tx !== 0 && request.op !== "begin") {
      const message = "the transaction was ended: it took over 3 s or its batch failed";
      this.#fail(request.id, { message, errcode: 0 });
      return;
    }
    try {
      this.#openBatch();
      this.#db.exec("SAVEPOINT one");
    } catch (cause) {
      this.#refuse(request.id, cause);
      return;
    }
    if (request.op === "query") this.#single(request.id, request.statement);
    else this.#begin(request);
  }

  #openBatch(): void {
    if (this.#db.isTransaction) return;
    this.#db.exec("BEGIN IMMEDIATE");
    this.#batchSinceMs = this.#deps.clock.monotonicMs();
  }

  #begin(request: SqlRequest): void {
    const { tx } = request;
    this.#openTx = tx;
    const lapse = (): void => {
      if (this.#openTx !== tx) return;
      this.#endOpen();
      this.#undo();
      this.#drain();
    };
    // A thread that is to end does not wait for whoever left a transaction open.
    this.#openTimer = this.#deps.clock.after(transactionMs, lapse, { unref: true });
    this.#deps.reply({ id: request.id, result: noResult });
  }

  #single(id: number, statement: Extract<SqlRequest, { op: "query" }>["statement"]): void {
    try {
      const result = this.#statements.run(statement);
      this.#db.exec("RELEASE one");
      this.#held.push({ id, result });
    } catch (cause) {
      this.#undo();
      this.#refuse(id, cause);
    }
  }

  /** One request of the open transaction. */
  #step(request: SqlRequest): void {
    const { id, op } = request;
    try {
      if (op === "query") {
        this.#deps.reply({ id, result: this.#statements.run(request.statement) });
        return;
      }
      this.#endOpen();
      if (op === "commit") {
        this.#db.exec("RELEASE one");
        this.#held.push({ id, result: noResult });
      } else {
        this.#undo();
        this.#deps.reply({ id, result: noResult });
      }
    } catch (cause) {
      this.#refuse(id, cause);
    }
  }

  #endOpen(): void {
    this.#openTx = 0;
    this.#openTimer?.cancel();
    this.#openTimer = undefined;
  }

  #undo(): void {
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK TO one; RELEASE one");
  }

  #commit(): void {
    if (!this.#db.isTransaction) return;
    try {
      this.#db.exec("COMMIT");
      const done = this.#held;
      this.#held = [];
      for (const { id, result } of done) this.#deps.reply({ id, result });
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#lose(faultOf(cause));
    }
  }

  /** A full disk or an I/O error may have rolled back the whole batch, not the statement alone. */
  #refuse(id: number, cause: unknown): void {
    const fault = faultOf(cause);
    this.#fail(id, fault);
    if (this.#db.isTransaction) return;
    this.#endOpen();
    this.#lose(fault);
  }

  #lose(fault: SqlFault): void {
    const lost = this.#held;
    this.#held = [];
    for (const { id } of lost) this.#fail(id, fault);
  }

  #fail(id: number, fault: SqlFault): void {
    this.#deps.reply({ id, fault });
  }
}

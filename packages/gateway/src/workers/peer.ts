import type { Clock } from "@loadline/kit/clock";
import { type ErrorTable, LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../errors.ts";

/** What a call carries and what it is answered with. */
export interface Op<Ask, Answer> {
  readonly ask: Ask;
  readonly answer: Answer;
}

type Ops<T> = { readonly [K in keyof T]: Op<unknown, unknown> };

/** Answers the calls of the other side; what it throws reaches the caller with its code. */
export type Handlers<T extends Ops<T>> = {
  readonly [K in keyof T]: (ask: T[K]["ask"]) => T[K]["answer"] | Promise<T[K]["answer"]>;
};

export interface PeerDeps {
  readonly clock: Clock;
  /** Sends one message; false when the other side is gone. */
  send(message: unknown): boolean;
  /** An answer could not be given or a message not be read. */
  onFault(text: string): void;
}

/** A call without an answer for this long fails. */
const callMsDefault = 10_000;
const pendingMax = 50_000;

interface Pending {
  readonly startedMs: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** `[n, op, ask]` asks, `[0, op, ask]` tells, `[-n, value]` answers, `[-n, 0, fault]` refuses. */
type Frame = readonly unknown[];

/**
 * One end of a channel between supervisor and worker: typed calls both ways, all of one turn in one
 * message. Rejects with LL_SERVER_WORKER when the other side is gone, slow or has too many to answer.
 */
export class Peer<Out extends Ops<Out>, In extends Ops<In>> {
  readonly #deps: PeerDeps;
  readonly #handlers: Handlers<In>;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #batch: Frame[] = [];
  #isEnded = false;

  constructor(deps: PeerDeps, handlers: Handlers<In>) {
    this.#deps = deps;
    this.#handlers = handlers;
  }

  call<K extends keyof Out & string>(
    op: K,
    ask: Out[K]["ask"],
    timeoutMs: number = callMsDefault,
  ): Promise<Out[K]["answer"]> {
    if (this.#isEnded) return Promise.reject(gone(op, "the channel is closed"));
    if (this.#pending.size >= pendingMax)
      return Promise.reject(gone(op, `${pendingMax} calls wait`));
    const id = this.#next++;
    const { clock } = this.#deps;
    return new Promise((resolve, reject) => {
      const timer = clock.after(
        timeoutMs,
        () => {
          this.#pending.delete(id);
          reject(gone(op, `no answer within ${timeoutMs} ms`));
        },
        { unref: true },
      );
      this.#pending.set(id, {
        startedMs: clock.monotonicMs(),
        resolve(value) {
          timer.cancel();
          resolve(value as Out[K]["answer"]);
        },
        reject(error) {
          timer.cancel();
          reject(error);
        },
      });
      this.#send([id, op, ask]);
    });
  }

  /** Expects no answer, and loses the message when the other side is gone. */
  tell<K extends keyof Out & string>(op: K, ask: Out[K]["ask"]): void {
    if (!this.#isEnded) this.#send([0, op, ask]);
  }

  /** Takes a message of the other side. */
  receive(message: unknown): void {
    if (!Array.isArray(message)) return;
    for (const frame of message) if (Array.isArray(frame)) this.#take(frame);
  }

  /** Sends what waits for the end of this turn now. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0 && !this.#deps.send(batch)) this.end("the other process is gone");
  }

  /** Refuses what is open and everything from now on. */
  end(why: string): void {
    this.#isEnded = true;
    const open = [...this.#pending.values()];
    this.#pending.clear();
    for (const one of open) one.reject(gone("call", why));
  }

  #send(frame: Frame): void {
    this.#batch.push(frame);
    if (this.#batch.length === 1) queueMicrotask(() => this.flush());
  }

  #take(frame: Frame): void {
    const [id, what, fault] = frame;
    if (typeof id !== "number") return;
    if (id >= 0) {
      this.#answer(id, String(what), frame[2]);
      return;
    }
    const pending = this.#pending.get(-id);
    this.#pending.delete(-id);
    if (frame.length > 2) pending?.reject(errorOf(fault));
    else pending?.resolve(what);
  }

  #answer(id: number, op: string, ask: unknown): void {
    const run = async (): Promise<unknown> => {
      const handlers: Readonly<Record<string, unknown>> = this.#handlers;
      const handler = handlers[op];
      if (typeof handler !== "function") throw new TypeError(`no call is named ${op}`);
      const answer: unknown = await handler(ask);
      return answer;
    };
    run().then(
      (value) => {
        if (id > 0) this.#send([-id, value]);
      },
      (cause: unknown) => {
        if (id > 0) this.#send([-id, 0, faultOf(cause)]);
        else this.#deps.onFault(`${op}: ${cause instanceof Error ? cause.message : String(cause)}`);
      },
    );
  }
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly detail: string;
}

/** What crosses the channel of an error. */
export function faultOf(cause: unknown): Fault {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof LoadlineError)) return { code: "", message, detail: "" };
  return { code: cause.code, message, detail: cause.detail ?? "" };
}

/** The error of the other side again, with its code when it had one. */
function errorOf(fault: unknown): Error {
  const { code, message, detail } = { ...unknownFault, ...asObject(fault) };
  const table: ErrorTable = gatewayErrors.table;
  const row = table[code];
  if (!row) return new Error(message);
  return new LoadlineError(code, row, message, detail === "" ? {} : { detail });
}

const unknownFault: Fault = { code: "", message: "the other process failed", detail: "" };

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

function gone(op: string, detail: string): LoadlineError {
  return gatewayErrors.make("LL_SERVER_WORKER", undefined, { detail: `${op}: ${detail}` });
}

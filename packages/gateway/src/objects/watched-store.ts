import type { Clock, Timer } from "@loadline/kit/clock";
import type { DependencyHealth } from "../health/dependencies.ts";
import { ObjectFault, type ObjectStore } from "./object-store.ts";
import type { ObjectCall, ObjectOutcome } from "./metrics.ts";

export interface WatchedOptions {
  readonly clock: Clock;
  /** Longest wait for one call (ms). */
  readonly timeoutMs: number;
  onCall(call: ObjectCall, end: ObjectOutcome): void;
  /** Told at each change of state, with the words of the store. */
  onChange(health: DependencyHealth, detail: string): void;
}

/** An object store that is known to be there or not. */
export interface WatchedStore {
  /** Runs one call within its time; rejects at once, with an ObjectFault, while the store is away. */
  run<T>(
    call: ObjectCall,
    run: (store: ObjectStore, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  readonly health: DependencyHealth;
  close(): void;
}

const pingEveryMs = 500;
const pingTimeoutMs = 500;
/** Pings in a row without an answer after which the store is away. */
const badPingsMax = 2;

/** Asks a store every 500 ms; two unanswered in a row and it is away, one good one and it is back. */
export function watchStore(store: ObjectStore, o: WatchedOptions): WatchedStore {
  return new Watched(store, o);
}

class Watched implements WatchedStore {
  readonly #store: ObjectStore;
  readonly #o: WatchedOptions;
  #health: DependencyHealth;
  #bad = 0;
  /** The last ping has not returned, whatever its time. */
  #isAsked = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(store: ObjectStore, o: WatchedOptions) {
    this.#store = store;
    this.#o = o;
    this.#health = { state: "ok", sinceMs: o.clock.wallMs() };
    void this.#ping();
  }

  get health(): DependencyHealth {
    return this.#health;
  }

  async run<T>(
    call: ObjectCall,
    run: (store: ObjectStore, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#health.state === "down") {
      this.#o.onCall(call, "skipped");
      throw new ObjectFault("unreachable", "the object store is away", { isDoubtful: false });
    }
    try {
      const result = await this.#timed((signal) => run(this.#store, signal), this.#o.timeoutMs);
      this.#o.onCall(call, "ok");
      return result;
    } catch (cause) {
      this.#o.onCall(call, cause instanceof ObjectFault ? cause.kind : "unreachable");
      throw cause;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#store.close();
  }

  /** Never rejects; arranges for the next one. */
  async #ping(): Promise<void> {
    const { clock } = this.#o;
    const startMs = clock.monotonicMs();
    let nextMs = pingEveryMs;
    try {
      // What a frozen store was asked holds a thread of the process: it is asked nothing more.
      if (this.#isAsked) throw new ObjectFault("unreachable", "the last ping has no answer");
      await this.#timed((signal) => this.#ask(signal), pingTimeoutMs);
      this.#bad = 0;
      this.#become("ok", "", clock.monotonicMs() - startMs);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      this.#bad++;
      if (this.#bad >= badPingsMax) this.#become("down", detail, clock.monotonicMs() - startMs);
      else nextMs = 1;
    }
    if (!this.#isClosed)
      this.#timer = clock.after(nextMs, () => void this.#ping(), { unref: true });
  }

  async #ask(signal: AbortSignal): Promise<void> {
    this.#isAsked = true;
    try {
      await this.#store.ping(signal);
    } finally {
      this.#isAsked = false;
    }
  }

  #become(state: "ok" | "down", detail: string, latencyMs: number): void {
    if (this.#isClosed) return;
    const isChange = this.#health.state !== state;
    const sinceMs = isChange ? this.#o.clock.wallMs() : (this.#health.sinceMs ?? 0);
    const code = state === "down" ? { code: "LL_FILE_STORE_AWAY" } : {};
    this.#health = { state, sinceMs, latencyMs, ...code };
    if (isChange) this.#o.onChange(this.#health, detail);
  }

  /** Settles within `timeoutMs` even when the store does not heed its signal. */
  #timed<T>(run: (signal: AbortSignal) => Promise<T>, timeoutMs: number): Promise<T> {
    const stop = new AbortController();
    return new Promise((resolve, reject) => {
      const timer = this.#o.clock.after(timeoutMs, () => {
        stop.abort();
        reject(new ObjectFault("unreachable", "timeout"));
      });
      run(stop.signal).then(
        (result) => {
          timer.cancel();
          resolve(result);
        },
        (cause: unknown) => {
          timer.cancel();
          reject(cause);
        },
      );
    });
  }
}

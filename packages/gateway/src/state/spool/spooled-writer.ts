import type { Clock, Timer } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { gatewayErrors } from "../../errors.ts";
import type { Store } from "../store.ts";
import type { Spool } from "./spool.ts";

const retryMs = 1000;

export interface SpooledWriterDeps<T> {
  readonly clock: Clock;
  readonly store: Pick<Store, "health" | "onHealth">;
  readonly spool: Spool;
  /** Writes a batch; writing one again changes nothing, rows are known by their id. */
  readonly write: (records: readonly T[]) => Promise<void>;
  /** Undefined for what is no record. */
  readonly parse: (value: unknown) => T | undefined;
  /** A record that was spooled cannot be written although the store answers: it is left out. */
  readonly onRefused: (records: number, cause: unknown) => void;
}

export interface SpooledWriter<T> {
  /**
   * Resolves once the records are in the store or, while it is away, on the disk. Rejects with
   * LL_STATE_UNAVAILABLE when the spool is full, or with what the disk says.
   */
  put(records: readonly T[]): Promise<void>;
  /** Stops draining; what is spooled stays for the next start. */
  close(): Promise<void>;
}

/**
 * Writes to the store, or to the spool while the store does not answer; after it is back the spool
 * is drained first, and new records queue behind it, so that the order stays.
 */
export function createSpooledWriter<T>(deps: SpooledWriterDeps<T>): SpooledWriter<T> {
  return new StoreOrSpool(deps);
}

class StoreOrSpool<T> implements SpooledWriter<T> {
  readonly #deps: SpooledWriterDeps<T>;
  #timer: Timer | undefined;
  #draining: Promise<void> | undefined;
  #isClosed = false;

  constructor(deps: SpooledWriterDeps<T>) {
    this.#deps = deps;
    deps.store.onHealth(({ state }) => {
      if (state === "ok") this.#drain();
    });
    this.#plan(0);
  }

  async put(records: readonly T[]): Promise<void> {
    const { spool, write, store } = this.#deps;
    if (spool.bytes === 0 && store.health().state !== "down") {
      try {
        await write(records);
        return;
      } catch (cause) {
        if (!isAway(cause)) throw cause;
      }
    }
    const isKept = await spool.append(records);
    this.#plan(retryMs);
    if (isKept) return;
    throw gatewayErrors.make("LL_STATE_UNAVAILABLE", undefined, { detail: "the spool is full" });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#draining;
    await this.#deps.spool.close();
  }

  #plan(afterMs: number): void {
    if (this.#timer || this.#isClosed || this.#deps.spool.bytes === 0) return;
    this.#timer = this.#deps.clock.after(afterMs, () => this.#drain(), { unref: true });
  }

  #drain(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#draining || this.#isClosed || this.#deps.spool.bytes === 0) return;
    this.#draining = this.#deps.spool
      .drain((values) => this.#take(values))
      .catch((cause: unknown) => {
        if (!isAway(cause)) this.#deps.onRefused(0, cause);
      })
      .finally(() => {
        this.#draining = undefined;
        this.#plan(retryMs);
      });
  }

  /** Only an absent store stops the draining: a batch that it refuses would stop it for ever. */
  async #take(values: readonly unknown[]): Promise<void> {
    if (this.#isClosed) throw new StopDraining();
    const { parse, onRefused } = this.#deps;
    const records = values.map(parse).filter((record) => record !== undefined);
    if (records.length < values.length)
      onRefused(values.length - records.length, new TypeError("not a record"));
    if ((await this.#refusal(records)) === undefined) return;
    // What the store refuses is looked for: its neighbours are kept.
    let refused = 0;
    let why: unknown;
    for (const record of records) {
      if (this.#isClosed) throw new StopDraining();
      const refusal = await this.#refusal([record]);
      if (refusal === undefined) continue;
      refused++;
      why ??= refusal.cause;
    }
    if (refused > 0) onRefused(refused, why);
  }

  /** Undefined for what is written. */
  async #refusal(records: readonly T[]): Promise<{ readonly cause: unknown } | undefined> {
    try {
      await this.#deps.write(records);
      return undefined;
    } catch (cause) {
      if (isAway(cause)) throw cause;
      return { cause };
    }
  }
}

class StopDraining extends Error {}

const isAway = (cause: unknown): boolean =>
  cause instanceof StopDraining ||
  (cause instanceof LoadlineError && cause.code === "LL_STATE_UNAVAILABLE");

import type { Repositories } from "./repositories.ts";

export interface StoreConnections {
  /** Open connections or threads. */
  readonly size: number;
  readonly busy: number;
  /** Callers waiting for one. */
  readonly waiting: number;
  /** Kept open without work, and the most there are. */
  readonly min: number;
  readonly max: number;
}

/** Who is told how long calls take, ms. */
export interface StoreTimes {
  /** A call or a transaction, waiting included, whatever became of it. */
  onCall(ms: number): void;
  /** The part of it that waited for a connection; of PostgreSQL alone. */
  onWait(ms: number): void;
}

export interface StoreHealth {
  /** `down`: a call to it fails at once; `degraded`: slow, or a call failed and it is asked again. */
  readonly state: "ok" | "degraded" | "down";
  /** Wall-clock ms of the last change of `state`. */
  readonly sinceMs: number;
  /** Of the last round trip. */
  readonly latencyMs: number;
  /** Why it is not ok. */
  readonly code?: string;
}

/** A SQL store that is open and migrated. */
export interface Store {
  readonly kind: "sqlite" | "postgres";
  /** File of a SQLite database; absent for a server. */
  readonly path?: string | undefined;
  readonly repositories: Repositories;
  /**
   * All of `run`'s calls commit together or not at all; <= 1 s (SQLite 3 s). Use only the repositories passed
   * to `run`, and await nothing else in it. LL_STATE_UNAVAILABLE also when its end is not known.
   */
  transaction<T>(run: (r: Repositories) => Promise<T>): Promise<T>;
  health(): StoreHealth;
  /** Calls `run` after each change of `health().state`. */
  onHealth(run: (health: StoreHealth) => void): void;
  connections(): StoreConnections;
  /** Waits up to 1 s for what is under way. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

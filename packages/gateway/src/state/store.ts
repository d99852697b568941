import type { Repositories } from "./repositories.ts";

export interface StoreConnections {
  /** Open connections or threads. */
  readonly size: number;
  readonly busy: number;
  /** Callers waiting for one. */
  readonly waiting: number;
}

/** A SQL store that is open and migrated. */
export interface Store {
  readonly kind: "sqlite" | "postgres";
  readonly repositories: Repositories;
  /**
   * All of `run`'s calls commit together or not at all; <= 1 s. Use only the repositories passed
   * to `run`; nothing else may be awaited in it.
   */
  transaction<T>(run: (r: Repositories) => Promise<T>): Promise<T>;
  /** One round trip through the write path's connection, bounded by 1 s. */
  ping(): Promise<void>;
  connections(): StoreConnections;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

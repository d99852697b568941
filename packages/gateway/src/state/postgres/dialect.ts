import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type { Pool, PoolClient } from "pg";
import type { Clock } from "@loadline/kit/clock";
import type { StoreTimes } from "../store.ts";
import { isServersAnswer, postgresError, StatementNames, takeClient } from "./pool.ts";

class PostgresConnection implements DatabaseConnection {
  readonly #client: PoolClient;
  readonly #names: StatementNames;
  #isBroken = false;

  constructor(client: PoolClient, names: StatementNames) {
    this.#client = client;
    this.#names = names;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const name = this.#names.of(sql);
    const values = [...parameters];
    const text = sql;
    const result = await this.#ask(() =>
      this.#client.query(name === undefined ? { text, values } : { name, text, values }),
    );
    const rows: unknown = result.rows;
    return { rows: rows as R[], numAffectedRows: BigInt(result.rowCount ?? 0) };
  }

  async command(text: "BEGIN" | "COMMIT" | "ROLLBACK"): Promise<void> {
    await this.#ask(() => this.#client.query(text));
  }

  /** A connection that did not answer is closed: its late answer would belong to another call. */
  release(): void {
    this.#client.release(this.#isBroken);
  }

  async #ask<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      if (!isServersAnswer(cause)) this.#isBroken = true;
      throw postgresError(cause);
    }
  }

  streamQuery(): never {
    throw new TypeError("rows are read by pages, not streamed");
  }
}

export interface PoolParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly times?: StoreTimes | undefined;
}

class PoolDriver implements Driver {
  readonly #parts: PoolParts;
  /** Names are the same on every connection; each prepares a statement on its first use. */
  readonly #names = new StatementNames();

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  async acquireConnection(): Promise<PostgresConnection> {
    const { pool, clock, times } = this.#parts;
    const startMs = clock.monotonicMs();
    try {
      return new PostgresConnection(await takeClient(pool), this.#names);
    } finally {
      times?.onWait(clock.monotonicMs() - startMs);
    }
  }

  beginTransaction(connection: PostgresConnection): Promise<void> {
    return connection.command("BEGIN");
  }

  commitTransaction(connection: PostgresConnection): Promise<void> {
    return connection.command("COMMIT");
  }

  rollbackTransaction(connection: PostgresConnection): Promise<void> {
    return connection.command("ROLLBACK");
  }

  releaseConnection(connection: PostgresConnection): Promise<void> {
    connection.release();
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    return this.#parts.pool.end();
  }
}

export const pooledPostgres = (parts: PoolParts): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new PoolDriver(parts),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});

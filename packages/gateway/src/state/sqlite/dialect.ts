import { DatabaseSync } from "node:sqlite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { gatewayErrors } from "../../errors.ts";
import { faultOf, isSqlValue, type SqlResult, type SqlStatement } from "./protocol.ts";
import { Statements } from "./statements.ts";
import { type SqlLane, stateError } from "./thread.ts";

/** Where one connection's statements go. */
interface Route {
  run(query: CompiledQuery, statement: SqlStatement): SqlResult | Promise<SqlResult>;
  begin?(): Promise<number>;
  end?(tx: number, op: "commit" | "rollback"): Promise<void>;
  runIn?(tx: number, statement: SqlStatement): Promise<SqlResult>;
  destroy(): Promise<void>;
}

/** Writes and transactions go to the thread that commits, other reads to the one that reads. */
export function threadedSqlite(threads: { writer: SqlLane; reader: SqlLane }): Dialect {
  const { writer, reader } = threads;
  return dialectOf({
    run: (query, statement) =>
      (query.query.kind === "SelectQueryNode" ? reader : writer).query(0, statement),
    begin: () => writer.begin(),
    end: (tx, op) => writer.end(tx, op),
    runIn: (tx, statement) => writer.query(tx, statement),
    destroy: async () => void (await Promise.all([writer.close(), reader.close()])),
  });
}

/** Reads of few rows on a handle of this thread that cannot write. */
export function readingSqlite(path: string): Dialect {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
  const statements = new Statements(db);
  return dialectOf({
    run(_query, statement) {
      try {
        return statements.run(statement);
      } catch (cause) {
        throw stateError(faultOf(cause));
      }
    },
    destroy: () => {
      if (db.isOpen) db.close();
      return Promise.resolve();
    },
  });
}

class SqliteConnection implements DatabaseConnection {
  readonly #route: Route;
  tx = 0;

  constructor(route: Route) {
    this.#route = route;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const statement = statementOf(query);
    const { run, runIn } = this.#route;
    const result = await (this.tx !== 0 && runIn
      ? runIn(this.tx, statement)
      : run(query, statement));
    const rows: unknown = result.rows;
    return { rows: rows as R[], numAffectedRows: BigInt(result.changes) };
  }

  streamQuery(): never {
    throw new TypeError("rows are read by pages, not streamed");
  }
}

function statementOf({ sql, parameters }: CompiledQuery): SqlStatement {
  if (parameters.every(isSqlValue)) return { sql, parameters };
  throw gatewayErrors.make("LL_STATE_FIELD", "A value cannot be stored.", { detail: sql });
}

class SqliteRouteDriver implements Driver {
  readonly #route: Route;

  constructor(route: Route) {
    this.#route = route;
  }

  init(): Promise<void> {
    return Promise.resolve();
  }

  acquireConnection(): Promise<SqliteConnection> {
    return Promise.resolve(new SqliteConnection(this.#route));
  }

  async beginTransaction(connection: SqliteConnection): Promise<void> {
    connection.tx = (await this.#route.begin?.()) ?? 0;
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    await this.#end(connection, "commit");
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    await this.#end(connection, "rollback");
  }

  async #end(connection: SqliteConnection, op: "commit" | "rollback"): Promise<void> {
    const { tx } = connection;
    connection.tx = 0;
    if (tx !== 0) await this.#route.end?.(tx, op);
  }

  releaseConnection(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    return this.#route.destroy();
  }
}

const dialectOf = (route: Route): Dialect => ({
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new SqliteRouteDriver(route),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
});

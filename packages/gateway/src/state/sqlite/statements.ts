import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SqlResult, SqlStatement } from "./protocol.ts";

const statementsMax = 200;

/** Runs statements on one handle, each prepared once; the 200 used last are kept. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  run({ sql, parameters }: SqlStatement): SqlResult {
    const statement = this.#take(sql);
    if (statement.columns().length > 0) {
      const rows = statement.all(...parameters);
      return { rows, changes: rows.length };
    }
    return { rows: [], changes: Number(statement.run(...parameters).changes) };
  }

  #take(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    const statement = known ?? this.#db.prepare(sql);
    if (known) this.#prepared.delete(sql);
    else if (this.#prepared.size >= statementsMax) {
      const oldest = this.#prepared.keys().next().value;
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    this.#prepared.set(sql, statement);
    return statement;
  }
}

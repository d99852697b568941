import { LoadlineError } from "@loadline/kit/errors";
import { DatabaseError, Pool, type PoolClient, types } from "pg";
import { type GatewayErrorCode, gatewayErrors } from "../../errors.ts";

/** Kept open without work: the next call finds one. */
export const connectionsMin = 1;
export const connectionsMax = 10;
const idleMs = 30_000;
const namesMax = 200;
const namedLengthMax = 4000;

const bigintOid = 20;
const numericOid = 1700;
const conflictState = "23505";
/** SQLSTATEs of a value that cannot be kept: a text with a NUL, one too long for its index. */
const valueStates = /^(22|54)/;
/** SQLSTATEs with which a server ends a connection, or makes none. */
const endStates = /^(08|28|3D|53300|57P|25P0[34])/;

/** Integers and sums arrive as numbers; all of ours are safe integers. */
const getTypeParser = (oid: number, format?: "text" | "binary") =>
  oid === bigintOid || oid === numericOid ? Number : types.getTypeParser(oid, format ?? "text");

/** At most 10 connections; waiting for one, and each statement, is bounded by `callMs`. */
export function createPool(url: string, callMs: number): Pool {
  const pool = new Pool({
    connectionString: url,
    min: connectionsMin,
    max: connectionsMax,
    connectionTimeoutMillis: callMs,
    idleTimeoutMillis: idleMs,
    statement_timeout: callMs,
    query_timeout: callMs,
    idle_in_transaction_session_timeout: 5 * callMs,
    keepAlive: true,
    application_name: "loadline",
    types: { getTypeParser },
  });
  // An idle connection that breaks has left the pool already; the next ping sees the server.
  pool.on("error", () => undefined);
  // One that breaks between two statements of a transaction has no one else to tell: without a
  // listener that ends the process. The next statement on it fails.
  pool.on("connect", (client) => void client.on("error", () => undefined));
  return pool;
}

export async function takeClient(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw postgresError(cause);
  }
}

/** Statements get a name the first time, so that the server plans each once a connection. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** Undefined for long statements (batches of odd sizes) and beyond 200 of them. */
  of(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined) return known;
    if (sql.length > namedLengthMax || this.#names.size >= namesMax) return undefined;
    const name = `ll_${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

/**
 * One code for everything that is neither a conflict nor a value that cannot be stored; the server's
 * words stay in `detail`.
 */
export function postgresError(cause: unknown): LoadlineError {
  if (cause instanceof LoadlineError) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const state = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return gatewayErrors.make(codeOf(String(state)), undefined, { detail, cause });
}

function codeOf(sqlState: string): GatewayErrorCode {
  if (sqlState === conflictState) return "LL_STATE_CONFLICT";
  return valueStates.test(sqlState) ? "LL_STATE_FIELD" : "LL_STATE_UNAVAILABLE";
}

/**
 * Whether the server itself answered, so that the connection is still in step with it. Its severity is
 * a word of its language.
 */
export function isServersAnswer(cause: unknown): boolean {
  if (!(cause instanceof DatabaseError)) return false;
  const { severity, code = "" } = cause;
  return severity !== "FATAL" && severity !== "PANIC" && !endStates.test(code);
}

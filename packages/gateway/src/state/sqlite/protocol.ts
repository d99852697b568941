export type SqlValue = null | number | bigint | string | NodeJS.ArrayBufferView;

export const isSqlValue = (value: unknown): value is SqlValue =>
  value === null ||
  typeof value === "number" ||
  typeof value === "bigint" ||
  typeof value === "string" ||
  ArrayBuffer.isView(value);

export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** What the thread is asked; `tx` 0 is a statement of its own. */
export type SqlRequest = { readonly id: number; readonly tx: number } & (
  | { readonly op: "query"; readonly statement: SqlStatement }
  | { readonly op: "begin" | "commit" | "rollback" }
);

/** What the thread is told; after `end` it takes nothing more and ends. */
export type SqlOrder = SqlRequest | { readonly op: "end" };

export interface SqlResult {
  readonly rows: readonly unknown[];
  /** Rows inserted, changed or deleted. */
  readonly changes: number;
}

export interface SqlFault {
  readonly message: string;
  /** SQLite's extended code, 0 when it is not SQLite's. */
  readonly errcode: number;
}

export type SqlReply =
  | { readonly id: number; readonly result: SqlResult }
  | { readonly id: number; readonly fault: SqlFault };

export interface SqlThreadPlan {
  readonly path: string;
  readonly isReadOnly: boolean;
}

/** `open` follows the start of a thread, or the fault that it could not open its database. */
export type SqlThreadMessage = SqlReply | { readonly open: true } | { readonly fatal: SqlFault };

export const noResult: SqlResult = { rows: [], changes: 0 };

export function faultOf(cause: unknown): SqlFault {
  const message = cause instanceof Error ? cause.message : String(cause);
  const isSqlite = cause instanceof Error && "errcode" in cause;
  return { message, errcode: isSqlite ? Number(cause.errcode) : 0 };
}

/**
 * PERM, BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL, SCHEMA, NOLFS
 * and AUTH: SQLite's codes of what surrounds a file.
 */
const outOfReachFaults: readonly number[] = [3, 5, 6, 7, 8, 9, 10, 13, 14, 15, 17, 22, 23];

/** Whether a fault of SQLite says that the file is damaged or not ours, rather than out of reach. */
export const isDamage = ({ errcode }: SqlFault): boolean =>
  errcode !== 0 && !outOfReachFaults.includes(errcode & 0xff);

const uniqueFault = 2067;
const primaryKeyFault = 1555;

/** Whether a fault says that a row of this key exists. */
export const isConflict = (fault: SqlFault): boolean =>
  fault.errcode === uniqueFault || fault.errcode === primaryKeyFault;

/**
 * One table of error codes per package; every error carries code, cause and remedy.
 *
 * ```ts
 * const errors = defineErrors({ LL_CONFIG_FILE: { status: 500, fault: "caller", retryable: false,
 *   exit: 78, summary: "The file cannot be read.", remedy: "Check the path and its permissions." } });
 * throw errors.make("LL_CONFIG_FILE", "loadline.yaml: no such file");
 * ```
 */
export { withLast, withLastSync } from "./with-last.ts";

export interface ErrorRow {
  /** HTTP status where the code reaches a client. */
  readonly status?: number;
  /** `error.type` of OpenAI's envelope. */
  readonly openaiType?: string;
  readonly fault: "caller" | "platform" | "upstream" | "target";
  readonly retryable: boolean;
  readonly exit?: 1 | 2 | 3 | 64 | 78 | 130;
  /** What happened, one sentence, safe to show. */
  readonly summary: string;
  /** What to do: a command or a key. */
  readonly remedy: string;
}

export type ErrorTable = Readonly<Record<string, ErrorRow>>;

export interface ErrorDetail {
  /** Internal detail; logged redacted, never sent to a client. */
  readonly detail?: string;
  readonly cause?: unknown;
  readonly param?: string;
  readonly retryAfterMs?: number;
}

export class LoadlineError extends Error {
  readonly code: string;
  readonly row: ErrorRow;
  readonly detail: string | undefined;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, row: ErrorRow, message: string, o: ErrorDetail = {}) {
    super(message, o.cause === undefined ? undefined : { cause: o.cause });
    this.name = "LoadlineError";
    this.code = code;
    this.row = row;
    this.detail = o.detail;
    this.param = o.param;
    this.retryAfterMs = o.retryAfterMs;
  }

  /** `CODE message remedy`, the way the command line prints it. */
  get line(): string {
    return `${this.code} ${this.message} ${this.row.remedy}`;
  }
}

export interface Errors<T extends ErrorTable> {
  readonly table: T;
  make(code: keyof T & string, message?: string, o?: ErrorDetail): LoadlineError;
}

export function defineErrors<const T extends ErrorTable>(table: T): Errors<T> {
  return {
    table,
    make(code, message, o) {
      const row = table[code];
      if (!row) throw new TypeError(`unlisted error code ${code}`);
      return new LoadlineError(code, row, message ?? row.summary, o);
    },
  };
}

/** The `code` of a system's or library's error, such as `ENOENT`; `otherwise` where it has none. */
export function codeOf(cause: unknown, otherwise = String(cause)): string {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : otherwise;
}

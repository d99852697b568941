import type { ContractCode } from "../errors.ts";

/** A bundle: bytes by path inside the run directory. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** ok null = incomplete or not checked; never counted as good. */
export interface StepResult {
  readonly ok: boolean | null;
  readonly code?: ContractCode;
  readonly message: string;
}

/** UTF-8 text; a byte order mark stays, since it changes the bytes. */
export const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** A step that refuses. */
export function differs(code: ContractCode, message: string): StepResult {
  return { ok: false, code, message };
}

/** The first five of many. */
export function listProblems(problems: readonly string[]): string {
  const shown = problems.slice(0, 5).join("; ");
  return problems.length > 5 ? `${shown}; ${problems.length - 5} more` : shown;
}

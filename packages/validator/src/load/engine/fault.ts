import { LoadlineError } from "@loadline/kit/errors";
import { loadErrors } from "../errors.ts";

/** What went wrong in another thread, in a form that survives the crossing. */
export interface Fault {
  readonly type: "fault";
  readonly code: string | null;
  readonly message: string;
}

/** An exception as data. */
export function toFault(error: unknown): Fault {
  const code = error instanceof LoadlineError ? error.code : null;
  return { type: "fault", code, message: error instanceof Error ? error.message : String(error) };
}

/** The error again: of the load engine's table, or LL_LOAD_WORKER_DIED with the text as detail. */
export function rebuildFault(code: string | null, message: string): LoadlineError {
  const known = Object.entries(loadErrors.table).find(([name]) => name === code);
  if (known !== undefined) return new LoadlineError(known[0], known[1], message);
  return loadErrors.make("LL_LOAD_WORKER_DIED", undefined, { detail: message });
}

import { LoadlineError } from "@loadline/kit/errors";

/** The code of one of our errors; undefined for anything else. */
export function loadlineCode(cause: unknown): string | undefined {
  return cause instanceof LoadlineError ? cause.code : undefined;
}

import { cliErrors } from "../errors.ts";

/** Reads an option's time, ms since the epoch; undefined when it was not given. LL_CLI_ARGUMENT. */
export function timeOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw cliErrors.make("LL_CLI_ARGUMENT", `--${name} is no time such as 2026-01-31T12:00:00Z.`);
}

/** What a look at one part of a configuration found. */
export interface PartFinding {
  readonly id: string;
  readonly found: boolean;
  /** Whether a gateway does not start, or not with all its data, while it is not found. */
  readonly required: boolean;
  /** Where it is and what it says; of an address host and port alone. */
  readonly detail: string;
}

/** Longest wait for one part, ms. */
export const partMsMax = 2000;

/** What an error says, in one line. */
export const wordsOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";

/** Host and port of an address: what of it everybody may read. */
export function placeOf(url: string, defaultPort: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === "" ? defaultPort : port}`;
}

import type { LoadClient } from "../clients/client.ts";
import type { LoadTimeouts } from "../types.ts";

const connectMs = 5_000;
const idleMs = 30_000;

/** Longest waits of a request, ms: its own, before the plan's, before those of its kind. */
export function timeoutsOf(
  { firstByteMs, totalMs, ownMs }: Pick<LoadClient, "firstByteMs" | "totalMs" | "ownMs">,
  plan: Partial<LoadTimeouts> = {},
): LoadTimeouts {
  const own = ownMs === undefined ? {} : { firstByteMs: ownMs, totalMs: ownMs };
  return { connectMs, idleMs, firstByteMs, totalMs, ...plan, ...own };
}

import type { StackSeen } from "../probe.ts";
import type { WebAnswer } from "../wire/web.ts";

/** What a call that must not be let in was answered; `part` says with which credential it came. */
export function refusedSeen(part: string, { status, curl }: WebAnswer): StackSeen {
  const ok = status === 401 || status === 403;
  return { ok, seen: `Answered with ${status}: ${part}.`, part, reproduce: curl };
}

import type { Exchange, Refusal } from "../pipeline/exchange.ts";
import type { Principal } from "./principal.ts";
import type { Evicted } from "./authenticator.ts";

/** What is under way, as the pipeline keeps it. */
export interface Running {
  each(run: (x: Exchange) => void): void;
}

const revoked: Refusal = { code: "LL_AUTH_REVOKED" };

/** Ends every exchange that acts for one of these: streams by an error frame, others by 401. */
export function endRunning(
  running: Running,
  ended: Evicted,
  refuse: (x: Exchange, refusal: Refusal) => void,
): void {
  if (ended.keys.size + ended.owners.size + ended.tenants.size === 0) return;
  running.each((x) => {
    if (!x.principal || x.isOver || !isOneOf(x.principal, ended)) return;
    if (x.cancel) x.cancel("revoked");
    else refuse(x, revoked);
  });
}

function isOneOf(p: Principal, ended: Evicted): boolean {
  return ended.keys.has(p.credentialId) || ended.owners.has(p.id) || ended.tenants.has(p.tenantId);
}

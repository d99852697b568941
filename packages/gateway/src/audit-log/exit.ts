import type { Exchange, Exit } from "../pipeline/exchange.ts";
import { everyTenant } from "../identity/authorize.ts";
import type { AuditEvent, AuditSink } from "./events.ts";

const actions: Readonly<Record<number, string>> = {
  401: "auth.denied",
  402: "budget.denied",
  403: "authz.denied",
  429: "limit.denied",
};

/** What the pipeline asks of the audit log. */
export interface ExchangeAudit {
  /** False: model requests are refused with LL_AUDITLOG_FULL. */
  isAccepting(): boolean;
  /** Records what the end of an exchange leaves. */
  exit(x: Exchange, end: Exit): void;
}

/**
 * What the end of an exchange leaves in the audit log: refusals of our own (401, 402, 403, 429)
 * and, with `all`, every model request. Requests that the admin plane answered record their own.
 */
export function auditExchanges(sink: AuditSink, requests: "denied" | "all"): ExchangeAudit {
  const isAll = requests === "all";
  const exit = (x: Exchange, end: Exit): void => {
    if (end.status < 400 && !isAll) return;
    const action =
      end.code === undefined || x.attempts.length > 0 ? undefined : actions[end.status];
    if (action !== undefined) sink.record({ ...eventOf(x, end, action), outcome: "denied" });
    else if (isAll && x.operation.isModel)
      sink.record({ ...eventOf(x, end, "request"), outcome: end.status < 400 ? "ok" : "failed" });
  };
  return { isAccepting: () => sink.isAccepting(), exit };
}

function eventOf(x: Exchange, end: Exit, action: string): Omit<AuditEvent, "outcome"> {
  const p = x.principal;
  const actor = p
    ? { id: p.id, kind: p.kind, via: p.via, credential: p.credentialId }
    : { id: "", kind: "unknown", via: "none", credential: "" };
  const model = x.body?.model;
  return {
    tenant: p?.tenantId ?? everyTenant,
    actor,
    action,
    object: model === undefined ? { type: "", id: "" } : { type: "model", id: model },
    ...(end.code !== undefined && { code: end.code }),
    ip: x.client.address,
    requestId: x.id,
    surface: x.operation.id,
    detail: { status: end.status },
  };
}

import { type GatewayErrorCode, statusOf } from "../errors.ts";
import { everyTenant } from "../identity/authorize.ts";
import type { Exchange, Exit } from "../pipeline/exchange.ts";
import type { AuditLogConfig } from "./config.ts";
import type { AuditEvent } from "./events.ts";
import type { AuditLog } from "./log.ts";

const actions: Readonly<Record<number, string>> = {
  401: "auth.denied",
  402: "budget.denied",
  403: "authz.denied",
  429: "limit.denied",
};
const commitMs = 1000;

/** The action of a refusal; undefined where nothing was denied, such as a malformed body. */
function denialOf({ status, code }: Omit<Exit, "reason">): string | undefined {
  return code === "LL_AUTH_AMBIGUOUS" ? "auth.denied" : actions[status];
}

/** What the pipeline asks of the audit log. */
export interface ExchangeAudit {
  /** False: model requests are refused with LL_AUDITLOG_FULL. */
  isAccepting(): boolean;
  /**
   * In `sync` mode: records a refusal before it is answered, resolving to whether its entry was
   * committed within 1 s. Undefined when there is nothing to wait for.
   */
  beforeRefusal(x: Exchange, code: GatewayErrorCode): Promise<boolean> | undefined;
  /** Records what the end of an exchange leaves. */
  exit(x: Exchange, end: Exit): void;
}

/** What exchanges ask of the configuration. */
export interface ExchangeAuditConfig extends Pick<AuditLogConfig, "requests" | "sync"> {
  /** Whether a route serves a model of this name; any other name is the caller's own text. */
  hasModel(name: string): boolean;
}

/**
 * What exchanges leave in the audit log: refusals of our own (401, 402, 403, 429, two credentials
 * at once) and, with `requests: all`, every model request. Requests that the admin plane answered
 * record their own.
 * `config` is read at each call.
 */
export function auditExchanges(log: AuditLog, config: ExchangeAuditConfig): ExchangeAudit {
  const recorded = new WeakSet<Exchange>();
  const deny = (x: Exchange, end: Omit<Exit, "reason">): boolean => {
    const isOurs = end.code !== undefined && x.attempts.length === 0;
    const action = isOurs ? denialOf(end) : undefined;
    if (action !== undefined) log.record({ ...eventOf(config, x, end, action), outcome: "denied" });
    return action !== undefined;
  };
  return {
    isAccepting: () => log.isAccepting(),
    beforeRefusal(x, code) {
      if (!config.sync || recorded.has(x)) return undefined;
      if (!deny(x, { status: statusOf(code), code })) return undefined;
      recorded.add(x);
      return log.flush(commitMs);
    },
    exit(x, end) {
      const isAll = config.requests === "all";
      if ((end.status < 400 && !isAll) || recorded.has(x)) return;
      if (deny(x, end) || !isAll || !x.operation.isModel) return;
      log.record({
        ...eventOf(config, x, end, "request"),
        outcome: end.status < 400 ? "ok" : "failed",
      });
    },
  };
}

function eventOf(
  config: Pick<ExchangeAuditConfig, "hasModel">,
  x: Exchange,
  end: Omit<Exit, "reason">,
  action: string,
): Omit<AuditEvent, "outcome"> {
  const p = x.principal;
  const actor = p
    ? { id: p.id, kind: p.kind, via: p.via, credential: p.credentialId }
    : { id: "", kind: "unknown", via: "none", credential: "" };
  const asked = x.body?.model;
  const model = asked !== undefined && config.hasModel(asked) ? asked : undefined;
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

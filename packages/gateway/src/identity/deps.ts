import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { AuditEvent } from "../audit-log/events.ts";
import type { Repositories } from "../state/repositories.ts";
import type { Store } from "../state/store.ts";
import type { Acting } from "./acting.ts";

/** The secrets that key digests depend on, by version; two are live during a rotation. */
export interface Peppers {
  readonly current: number;
  get(version: number): Uint8Array | undefined;
}

/** Writes the entry of an admin act inside the transaction of the change itself. */
export interface ChangeAudit {
  write(audit: Repositories["audit"], event: AuditEvent): Promise<void>;
}

/** What the key, user and role services work on. */
export interface ServiceDeps {
  readonly store: Pick<Store, "repositories" | "transaction">;
  readonly peppers: Peppers;
  readonly clock: Clock;
  /** The machine's randomness: ids and secrets are drawn from it. */
  readonly random: Random;
  readonly audit: ChangeAudit;
}

/** One admin act: what every node must know, and what stays on record. */
export interface Act {
  readonly kind: string;
  readonly type: "key" | "user" | "tenant" | "role";
  /** Id of the key, principal or tenant it changes. */
  readonly subjectId: string;
  readonly tenantId: string;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Event feed and audit entry of an act, in the transaction of its change. */
export async function recordAct(
  deps: Pick<ServiceDeps, "clock" | "audit">,
  r: Repositories,
  acting: Acting,
  act: Act,
): Promise<void> {
  const { kind, subjectId, tenantId } = act;
  const at = Math.floor(deps.clock.wallMs());
  await r.events.append({ at, kind, subjectId, tenantId, detail: "" });
  const { principal, ip, requestId, surface } = acting;
  await deps.audit.write(r.audit, {
    tenant: tenantId,
    actor: {
      id: principal.id,
      kind: principal.kind,
      via: principal.via,
      credential: principal.credentialId,
    },
    action: kind,
    object: { type: act.type, id: subjectId },
    outcome: "ok",
    ...(ip !== undefined && { ip }),
    ...(requestId !== undefined && { requestId }),
    ...(surface !== undefined && { surface }),
    ...(act.detail && { detail: act.detail }),
  });
}

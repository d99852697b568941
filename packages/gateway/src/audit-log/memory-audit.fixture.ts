import type { AuditFilter, AuditRepository, AuditSeal } from "../state/repositories.ts";
import type { AuditDraft, AuditHead, AuditRow } from "../state/rows.ts";
import type { AuditEvent } from "./events.ts";

/** An audit repository in memory whose rows a test may change. */
export class MemoryAudit implements AuditRepository {
  rows: AuditRow[] = [];
  /** Appends reject while set. */
  failure: Error | undefined;
  appends = 0;

  async append(
    tenantId: string,
    drafts: readonly AuditDraft[],
    seal: AuditSeal,
  ): Promise<AuditHead> {
    await Promise.resolve();
    this.appends++;
    if (this.failure) throw this.failure;
    let head = this.headOf(tenantId);
    const known = new Set(this.rows.map((row) => row.eventId));
    for (const draft of drafts) {
      if (known.has(draft.eventId)) continue;
      const place = seal(draft, head);
      this.rows.push({ ...draft, ...place, tenantId });
      head = { seq: place.seq, hash: place.hash };
    }
    return head;
  }

  async query(filter: AuditFilter): Promise<AuditRow[]> {
    await Promise.resolve();
    const { tenantId, afterSeq = 0, throughSeq = Number.POSITIVE_INFINITY, order } = filter;
    return this.rows
      .filter((row) => row.tenantId === tenantId && row.seq > afterSeq && row.seq <= throughSeq)
      .sort((a, b) => (order === "desc" ? b.seq - a.seq : a.seq - b.seq))
      .slice(0, filter.limit ?? 1000);
  }

  async purge(tenantId: string, throughSeq: number): Promise<number> {
    await Promise.resolve();
    const before = this.rows.length;
    this.rows = this.rows.filter((row) => row.tenantId !== tenantId || row.seq > throughSeq);
    return before - this.rows.length;
  }

  async head(tenantId: string): Promise<AuditHead> {
    await Promise.resolve();
    return this.headOf(tenantId);
  }

  async heads(): Promise<(AuditHead & { tenantId: string })[]> {
    await Promise.resolve();
    const tenants = [...new Set(this.rows.map((row) => row.tenantId))];
    return tenants.map((tenantId) => ({ tenantId, ...this.headOf(tenantId) }));
  }

  copy(): MemoryAudit {
    const other = new MemoryAudit();
    other.rows = structuredClone(this.rows);
    return other;
  }

  private headOf(tenantId: string): AuditHead {
    const own = this.rows.filter((row) => row.tenantId === tenantId);
    return own.reduce<AuditHead>(
      (head, row) => (row.seq > head.seq ? { seq: row.seq, hash: row.hash } : head),
      { seq: 0, hash: "" },
    );
  }
}

export function event(o: Partial<AuditEvent> = {}): AuditEvent {
  return {
    tenant: "acme",
    actor: { id: "u1", kind: "user", via: "key", credential: "k1" },
    action: "key.created",
    object: { type: "key", id: "k9" },
    outcome: "ok",
    ip: "127.0.0.1",
    requestId: "req_1",
    surface: "keys.create",
    ...o,
  };
}

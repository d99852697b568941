import { describe, expect, it } from "vitest";
import { MemoryAudit } from "../../audit-log/memory-audit.fixture.ts";
import type { AuditFilter } from "../../state/repositories.ts";
import type { AuditRow } from "../../state/rows.ts";
import { entriesFrom } from "./entries-from.ts";

const entryOf = (seq: number, ip: string) => ({
  v: 1,
  seq,
  tenant: "t",
  ts: "2026-01-01T00:00:00.000Z",
  actor: { id: "a", kind: "user", via: "key", credential: "k" },
  action: "key.created",
  object: { type: "key", id: "k" },
  outcome: "ok",
  code: null,
  ip,
  requestId: null,
  surface: null,
  detail: {},
  prev: "",
  hash: "",
});

/** A chain of so many entries from 10.0.0.1, those at `elsewhere` from 10.0.0.2. */
function chainOf(count: number, ...elsewhere: readonly number[]): MemoryAudit {
  const audit = new MemoryAudit();
  audit.rows = Array.from({ length: count }, (_, i): AuditRow => {
    const seq = i + 1;
    const ip = elsewhere.includes(seq) ? "10.0.0.2" : "10.0.0.1";
    const { actor, action, object, outcome } = entryOf(seq, ip);
    const names = { actorId: actor.id, objectType: object.type, objectId: object.id };
    const own = { tenantId: "t", seq, eventId: String(seq), ts: seq, action, outcome, ...names };
    return { ...own, event: "", entry: JSON.stringify(entryOf(seq, ip)), prev: "", hash: "" };
  });
  return audit;
}

async function found(
  audit: MemoryAudit,
  o: Partial<AuditFilter> & { readonly limit?: number } = {},
): Promise<number[]> {
  const filter = { tenantId: "t", order: "desc", limit: 100, ...o } as const;
  return (await entriesFrom(audit, filter, "10.0.0.2")).map(({ seq }) => seq);
}

describe("the entries of one address", () => {
  it("come newest first or oldest first, across pages, and the first of them when there are more", async () => {
    const audit = chainOf(2500, 1, 1000, 1001, 2500);
    expect(await found(audit)).toEqual([2500, 1001, 1000, 1]);
    expect(await found(audit, { order: "asc" })).toEqual([1, 1000, 1001, 2500]);
    expect(await found(audit, { limit: 2 })).toEqual([2500, 1001]);
    expect(await found(audit, { order: "asc", limit: 2 })).toEqual([1, 1000]);
    expect(await found(audit, { afterSeq: 1000 })).toEqual([2500, 1001]);
    expect(await found(audit, { order: "asc", afterSeq: 1000, limit: 1 })).toEqual([1001]);
  });

  it("the newest are those of the newest 100,000 entries, however long the chain is", async () => {
    const audit = chainOf(101_000, 1, 1000, 1001, 100_999);
    expect(await found(audit)).toEqual([100_999, 1001]);
    expect(await found(audit, { order: "asc" })).toEqual([1, 1000, 1001]);
  });

  it("no page is read beyond those that were asked for", async () => {
    const audit = chainOf(5000, 1, 4999, 5000);
    const pages: AuditFilter[] = [];
    const reading = { query: (filter: AuditFilter) => (pages.push(filter), audit.query(filter)) };
    for (const order of ["asc", "desc"] as const) {
      pages.length = 0;
      await entriesFrom(reading, { tenantId: "t", order, limit: 1 }, "10.0.0.2");
      expect(pages).toHaveLength(1);
    }
  });
});

import type { AuditFilter, AuditRepository, AuditSeal } from "../repositories.ts";
import type { AuditDraft, AuditHead, AuditRow } from "../rows.ts";
import { type Asking, columnsOf, type Database, type Db } from "./database.ts";
import { batchOf, pageSize } from "./lists.ts";

const firstHead: AuditHead = { seq: 0, hash: "" };

export function auditRepository(asking: Asking): AuditRepository {
  return {
    append: (tenantId, drafts, seal) =>
      asking.together((db) => appendBatch(db, { tenantId, drafts: batchOf(drafts), seal })),
    query: (filter) => asking.ask((db) => queryEntries(db, filter)),
    purge: (tenantId, throughSeq) =>
      asking.together((db) => purgeEntries(db, tenantId, throughSeq)),
    head: (tenantId) =>
      asking.quick(async (db) => {
        const query = db.selectFrom("auditHeads").select(["seq", "hash"]);
        return (await query.where("tenantId", "=", tenantId).executeTakeFirst()) ?? firstHead;
      }),
    heads: () =>
      asking.ask((db) =>
        db
          .selectFrom("auditHeads")
          .select(["tenantId", "seq", "hash"])
          .where("seq", ">", 0)
          .orderBy("tenantId")
          .execute(),
      ),
  };
}

interface Batch {
  readonly tenantId: string;
  readonly drafts: readonly AuditDraft[];
  readonly seal: AuditSeal;
}

/** The change that changes nothing locks the head's row until the transaction ends. */
async function lockHead(db: Db, tenantId: string): Promise<AuditHead> {
  const head = await db
    .insertInto("auditHeads")
    .values({ tenantId, ...firstHead })
    .onConflict((c) => c.column("tenantId").doUpdateSet((e) => ({ seq: e.ref("auditHeads.seq") })))
    .returning(["seq", "hash"])
    .executeTakeFirst();
  return head ?? firstHead;
}

async function appendBatch(db: Db, batch: Batch): Promise<AuditHead> {
  const { tenantId, seal } = batch;
  let head = await lockHead(db, tenantId);
  const known = await knownEvents(db, batch);
  const rows: Database["auditEntries"][] = [];
  for (const draft of batch.drafts) {
    if (known.has(draft.eventId)) continue;
    known.add(draft.eventId);
    const sealed = seal(draft, head);
    head = { seq: sealed.seq, hash: sealed.hash };
    const { code = null, requestId = null } = draft;
    rows.push({ ...draft, ...sealed, code, requestId, tenantId });
  }
  if (rows.length === 0) return head;
  await db.insertInto("auditEntries").values(rows).execute();
  await db.updateTable("auditHeads").set(head).where("tenantId", "=", tenantId).execute();
  return head;
}

async function knownEvents(db: Db, { tenantId, drafts }: Batch): Promise<Set<string>> {
  const ids = drafts.map((draft) => draft.eventId);
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom("auditEntries")
    .select("eventId")
    .where("tenantId", "=", tenantId)
    .where("eventId", "in", ids)
    .execute();
  return new Set(rows.map((row) => row.eventId));
}

const purgeMax = 5000;

async function purgeEntries(db: Db, tenantId: string, throughSeq: number): Promise<number> {
  const oldest = await db
    .selectFrom("auditEntries")
    .select((e) => e.fn.min("seq").as("seq"))
    .where("tenantId", "=", tenantId)
    .executeTakeFirst();
  const first = oldest?.seq;
  if (first === null || first === undefined || first > throughSeq) return 0;
  const last = Math.min(throughSeq, first + purgeMax - 1);
  await db
    .deleteFrom("auditEntries")
    .where("tenantId", "=", tenantId)
    .where("seq", "<=", last)
    .execute();
  return last - first + 1;
}

const equalColumns = ["actorId", "action", "objectType", "objectId", "outcome", "code"] as const;

async function queryEntries(db: Db, filter: AuditFilter): Promise<AuditRow[]> {
  let query = db
    .selectFrom("auditEntries")
    .select(columnsOf.auditEntries)
    .where("tenantId", "=", filter.tenantId);
  for (const column of equalColumns) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, "=", value);
  }
  if (filter.fromMs !== undefined) query = query.where("ts", ">=", filter.fromMs);
  if (filter.toMs !== undefined) query = query.where("ts", "<", filter.toMs);
  if (filter.afterSeq !== undefined) query = query.where("seq", ">", filter.afterSeq);
  if (filter.throughSeq !== undefined) query = query.where("seq", "<=", filter.throughSeq);
  const rows = await query
    .orderBy("seq", filter.order ?? "asc")
    .limit(pageSize(filter.limit))
    .execute();
  return rows.map(({ code, requestId, ...row }) => ({
    ...row,
    ...(code !== null && { code }),
    ...(requestId !== null && { requestId }),
  }));
}

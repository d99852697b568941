import type { KeyPatch, KeyRepository } from "../repositories.ts";
import type { KeyRow } from "../rows.ts";
import { type Asking, columnsOf, type Db, type KeysTable, present } from "./database.ts";
import { batchOf, listOf, listText, optionalListOf, pageSize } from "./lists.ts";

const firstPepper = 1;
/** A page this short, of any keys, is read where requests are. */
const fewRows = 10;
/** Names of one question. */
const namesMax = 500;

export function keyRepository(asking: Asking): KeyRepository {
  return {
    insert: (row) =>
      asking.ask(async (db) => void (await db.insertInto("keys").values(storedOf(row)).execute())),
    find: (id) => asking.quick((db) => findAlike(db, id)),
    async list(where = {}) {
      const limit = pageSize(where.limit);
      const isAny = where.tenantId === undefined && where.ownerId === undefined;
      const ask = isAny && limit <= fewRows ? asking.quick : asking.ask;
      return ask(async (db) => {
        let query = selectKeys(db).orderBy("keys.id").limit(limit);
        if (where.after !== undefined) query = query.where("keys.id", ">", where.after);
        if (where.tenantId !== undefined) query = query.where("keys.tenantId", "=", where.tenantId);
        if (where.ownerId !== undefined) query = query.where("keys.ownerId", "=", where.ownerId);
        return (await query.execute()).map(rowOf);
      });
    },
    update: (id, patch) =>
      asking.together(async (db) => {
        const changes = changesOf(patch);
        await db
          .updateTable("keys")
          .set((e) => ({ ...changes, epoch: e("epoch", "+", 1) }))
          .where("id", "=", id)
          .execute();
        return findKey(db, id);
      }),
    touch: (uses) => asking.ask((db) => touchKeys(db, uses)),
    // After each change and once a minute: a thread of its own would start each time.
    countActive: (nowMs) =>
      asking.together(async (db) => {
        const row = await db
          .selectFrom("keys")
          .select((e) => e.fn.countAll<number>().as("count"))
          .where("revokedAt", "is", null)
          .where((e) => e.or([e("expiresAt", "is", null), e("expiresAt", ">", nowMs)]))
          .where((e) => e.or([e("notBefore", "is", null), e("notBefore", "<=", nowMs)]))
          .executeTakeFirst();
        return row?.count ?? 0;
      }),
    borneNames: (tenantId, names) => asking.ask((db) => borneNames(db, tenantId, names)),
    countByPepper: (nowMs) => asking.ask((db) => countByPepper(db, nowMs)),
  };
}

const selectKeys = (db: Db) =>
  db
    .selectFrom("keys")
    .leftJoin("keyUses", "keyUses.keyId", "keys.id")
    .select(columnsOf.keys)
    .select("keyUses.lastUsedAt");

/**
 * The key of this id, in the time that an id without a key takes: a row is always read and decoded,
 * the first one where there is none. Else the time of a refusal tells which ids exist.
 */
async function findAlike(db: Db, id: string): Promise<KeyRow | undefined> {
  const row = await selectKeys(db)
    .where((e) =>
      e.or([
        e("keys.id", "=", id),
        e(
          "keys.id",
          "=",
          e.selectFrom("keys as first").select((f) => f.fn.min("first.id").as("id")),
        ),
      ]),
    )
    .orderBy((e) => e("keys.id", "=", id), "desc")
    .limit(1)
    .executeTakeFirst();
  const read = row && rowOf(row);
  return read?.id === id ? read : undefined;
}

async function findKey(db: Db, id: string): Promise<KeyRow | undefined> {
  const row = await selectKeys(db).where("keys.id", "=", id).executeTakeFirst();
  return row && rowOf(row);
}

function rowOf(row: KeysTable & { lastUsedAt: number | null }): KeyRow {
  const { oldDigest, oldPepperVersion } = row;
  return {
    ...present(row),
    id: row.id,
    env: row.env,
    name: row.name,
    tenantId: row.tenantId,
    kind: row.kind,
    digest: row.digest,
    pepperVersion: row.pepperVersion,
    createdAt: row.createdAt,
    epoch: row.epoch,
    // A key rotated by the version before this column was digested under the first pepper.
    ...(oldDigest !== null && { oldPepperVersion: oldPepperVersion ?? firstPepper }),
    roles: listOf(row.roles),
    permissions: optionalListOf(row.permissions),
    models: optionalListOf(row.models),
    routes: optionalListOf(row.routes),
    ips: optionalListOf(row.ips),
  };
}

function storedOf(row: KeyRow): KeysTable {
  return {
    id: row.id,
    env: row.env,
    name: row.name,
    tenantId: row.tenantId,
    ownerId: row.ownerId ?? null,
    kind: row.kind,
    digest: row.digest,
    pepperVersion: row.pepperVersion,
    oldDigest: row.oldDigest ?? null,
    oldPepperVersion: row.oldPepperVersion ?? null,
    overlapUntil: row.overlapUntil ?? null,
    rotatedAt: row.rotatedAt ?? null,
    notBefore: row.notBefore ?? null,
    expiresAt: row.expiresAt ?? null,
    revokedAt: row.revokedAt ?? null,
    revokedReason: row.revokedReason ?? null,
    roles: listText(row.roles),
    permissions: listText(row.permissions),
    models: listText(row.models),
    routes: listText(row.routes),
    ips: listText(row.ips),
    budgetId: row.budgetId ?? null,
    rateId: row.rateId ?? null,
    boundTo: row.boundTo ?? null,
    createdAt: row.createdAt,
    epoch: row.epoch,
  };
}

const listFields: ReadonlySet<string> = new Set([
  "roles",
  "permissions",
  "models",
  "routes",
  "ips",
] satisfies (keyof KeyPatch)[]);

/** A member that is there with undefined clears its column. */
function changesOf(patch: KeyPatch): Partial<KeysTable> {
  const changes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(patch))
    changes[name] =
      listFields.has(name) && value !== undefined ? JSON.stringify(value) : (value ?? null);
  return changes;
}

async function borneNames(
  db: Db,
  tenantId: string,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const borne = new Set<string>();
  for (let at = 0; at < names.length; at += namesMax) {
    const some = names.slice(at, at + namesMax);
    for (const column of ["id", "budgetId", "rateId"] as const) {
      const rows = await db
        .selectFrom("keys")
        .select(`${column} as name`)
        .distinct()
        .where("tenantId", "=", tenantId)
        .where(column, "in", some)
        .execute();
      for (const { name } of rows) if (name !== null) borne.add(name);
    }
  }
  return borne;
}

async function countByPepper(db: Db, nowMs: number): Promise<ReadonlyMap<number, number>> {
  const live = db
    .selectFrom("keys")
    .select((e) => e.fn.countAll<number>().as("count"))
    .where("revokedAt", "is", null)
    .where((e) => e.or([e("expiresAt", "is", null), e("expiresAt", ">", nowMs)]));
  const current = await live.select("pepperVersion as version").groupBy("pepperVersion").execute();
  const before = await live
    .select("oldPepperVersion as version")
    .where("oldDigest", "is not", null)
    .where("overlapUntil", ">", nowMs)
    .groupBy("oldPepperVersion")
    .execute();
  const counts = new Map<number, number>();
  for (const { version, count } of [...current, ...before])
    counts.set(version ?? firstPepper, (counts.get(version ?? firstPepper) ?? 0) + count);
  return counts;
}

/** Kept apart from the keys, so that a use never waits for a change of its key. */
async function touchKeys(
  db: Db,
  uses: readonly { readonly id: string; readonly lastUsedAt: number }[],
): Promise<void> {
  const latest = new Map<string, number>();
  for (const use of batchOf(uses))
    latest.set(use.id, Math.max(use.lastUsedAt, latest.get(use.id) ?? 0));
  if (latest.size === 0) return;
  const rows = [...latest].map(([keyId, lastUsedAt]) => ({ keyId, lastUsedAt }));
  await db
    .insertInto("keyUses")
    .values(rows)
    .onConflict((c) =>
      c.column("keyId").doUpdateSet((e) => ({
        lastUsedAt: e
          .case()
          .when("excluded.lastUsedAt", ">", e.ref("keyUses.lastUsedAt"))
          .then(e.ref("excluded.lastUsedAt"))
          .else(e.ref("keyUses.lastUsedAt"))
          .end(),
      })),
    )
    .execute();
}

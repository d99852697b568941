import type { GrantRepository, PrincipalRepository, TenantRepository } from "../repositories.ts";
import type { PrincipalRow } from "../rows.ts";
import { type Asking, columnsOf, type Db, type PrincipalsTable } from "./database.ts";
import { listOf, listText, pageSize } from "./lists.ts";

export function principalRepository(asking: Asking): PrincipalRepository {
  return {
    insert: (row) =>
      asking.ask(async (db) => {
        const values = { ...row, roles: listText(row.roles), disabledAt: row.disabledAt ?? null };
        await db.insertInto("principals").values(values).execute();
      }),
    find: (id) => asking.quick((db) => findPrincipal(db, id)),
    findBySubject: (issuer, subject) =>
      asking.quick(async (db) => {
        const row = await db
          .selectFrom("principals")
          .select(columnsOf.principals)
          .where("issuer", "=", issuer)
          .where("subject", "=", subject)
          .executeTakeFirst();
        return row && principalOf(row);
      }),
    list: (where = {}) =>
      asking.ask(async (db) => {
        let query = db.selectFrom("principals").select(columnsOf.principals).orderBy("id");
        if (where.after !== undefined) query = query.where("id", ">", where.after);
        if (where.tenantId !== undefined) query = query.where("tenantId", "=", where.tenantId);
        return (await query.limit(pageSize(where.limit)).execute()).map(principalOf);
      }),
    update: (id, patch) =>
      asking.together(async (db) => {
        await db
          .updateTable("principals")
          .set((e) => ({
            ...(patch.label !== undefined && { label: patch.label }),
            ...(patch.roles !== undefined && { roles: listText(patch.roles) }),
            ...("disabledAt" in patch && { disabledAt: patch.disabledAt ?? null }),
            epoch: e("epoch", "+", 1),
          }))
          .where("id", "=", id)
          .execute();
        return findPrincipal(db, id);
      }),
  };
}

async function findPrincipal(db: Db, id: string): Promise<PrincipalRow | undefined> {
  const query = db.selectFrom("principals").select(columnsOf.principals).where("id", "=", id);
  const row = await query.executeTakeFirst();
  return row && principalOf(row);
}

const principalOf = (row: PrincipalsTable): PrincipalRow => ({
  ...row,
  roles: listOf(row.roles),
  disabledAt: row.disabledAt ?? undefined,
});

export function grantRepository(asking: Asking): GrantRepository {
  return {
    insert: (row) =>
      asking.ask(async (db) => {
        const values = { ...row, expiresAt: row.expiresAt ?? null };
        await db.insertInto("grants").values(values).execute();
      }),
    list: (principalId) =>
      asking.quick(async (db) => {
        const query = db
          .selectFrom("grants")
          .select(columnsOf.grants)
          .where("principalId", "=", principalId);
        const rows = await query.orderBy("id").limit(pageSize(undefined)).execute();
        return rows.map((row) => ({ ...row, expiresAt: row.expiresAt ?? undefined }));
      }),
    remove: (id) =>
      asking.ask(async (db) => {
        const result = await db.deleteFrom("grants").where("id", "=", id).executeTakeFirst();
        return result.numDeletedRows > 0n;
      }),
  };
}

export function tenantRepository(asking: Asking): TenantRepository {
  const find = async (db: Db, id: string) => {
    const query = db.selectFrom("tenants").select(columnsOf.tenants).where("id", "=", id);
    const row = await query.executeTakeFirst();
    return row && { ...row, disabledAt: row.disabledAt ?? undefined };
  };
  return {
    insert: (row) =>
      asking.ask(async (db) => {
        const values = { ...row, disabledAt: row.disabledAt ?? null };
        await db.insertInto("tenants").values(values).execute();
      }),
    find: (id) => asking.quick((db) => find(db, id)),
    list: (where = {}) =>
      asking.ask(async (db) => {
        let query = db.selectFrom("tenants").select(columnsOf.tenants).orderBy("id");
        if (where.after !== undefined) query = query.where("id", ">", where.after);
        const rows = await query.limit(pageSize(where.limit)).execute();
        return rows.map((row) => ({ ...row, disabledAt: row.disabledAt ?? undefined }));
      }),
    update: (id, patch) =>
      asking.together(async (db) => {
        await db
          .updateTable("tenants")
          .set({
            ...(patch.label !== undefined && { label: patch.label }),
            ...(patch.policy !== undefined && { policy: patch.policy }),
            ...("disabledAt" in patch && { disabledAt: patch.disabledAt ?? null }),
            id,
          })
          .where("id", "=", id)
          .execute();
        return find(db, id);
      }),
  };
}

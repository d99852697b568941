import { gatewayErrors } from "../../errors.ts";
import type { AuthEventRepository, FactRepository } from "../repositories.ts";
import { type Asking, columnsOf, type Db } from "./database.ts";
import { pageSize } from "./lists.ts";

const feedId = 1;

/**
 * The feed's one row is locked by the update until the transaction ends, so seqs are given in the
 * order of commits: a reader never sees n + 1 before n.
 */
export function authEventRepository(asking: Asking): AuthEventRepository {
  return {
    append: (event) =>
      asking.together(async (db) => {
        const head = await db
          .updateTable("authFeed")
          .set((e) => ({ seq: e("seq", "+", 1) }))
          .where("id", "=", feedId)
          .returning("seq")
          .executeTakeFirst();
        if (!head) throw gatewayErrors.make("LL_STATE_CORRUPT", "The feed of events has no head.");
        await db
          .insertInto("authEvents")
          .values({ ...event, seq: head.seq })
          .execute();
        return head.seq;
      }),
    after: (seq, max) =>
      asking.quick((db) =>
        db
          .selectFrom("authEvents")
          .select(columnsOf.authEvents)
          .where("seq", ">", seq)
          .orderBy("seq")
          .limit(pageSize(max))
          .execute(),
      ),
    lastSeq: () =>
      asking.quick(async (db) => {
        const query = db.selectFrom("authFeed").select("seq").where("id", "=", feedId);
        return (await query.executeTakeFirst())?.seq ?? 0;
      }),
  };
}

export function factRepository(asking: Asking): FactRepository {
  const get = async (db: Db, name: string): Promise<string | undefined> => {
    const query = db.selectFrom("storeFacts").select("value").where("name", "=", name);
    return (await query.executeTakeFirst())?.value;
  };
  return {
    get: (name) => asking.quick((db) => get(db, name)),
    claim: (name, value) =>
      asking.together(async (db) => {
        const insert = db.insertInto("storeFacts").values({ name, value });
        await insert.onConflict((c) => c.column("name").doNothing()).execute();
        return (await get(db, name)) ?? value;
      }),
    set: (name, value) =>
      asking.ask(async (db) => {
        const insert = db.insertInto("storeFacts").values({ name, value });
        await insert.onConflict((c) => c.column("name").doUpdateSet({ value })).execute();
      }),
  };
}

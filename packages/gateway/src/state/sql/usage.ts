import { gatewayErrors } from "../../errors.ts";
import type { BudgetRepository, UsageFilter, UsageRepository } from "../repositories.ts";
import { usageBatchMax } from "../usage-batch.ts";
import type { BudgetSpentRow, UsageGroup, UsageSum, UsageMinute } from "../rows.ts";
import { type Asking, columnsOf, type Db } from "./database.ts";
import { batchOf, pageSize } from "./lists.ts";

const groupsMax = 1000;

const tooLarge = (records: number): Error =>
  gatewayErrors.make(
    "LL_STATE_FIELD",
    `A batch is at most ${usageBatchMax} records, not ${records}.`,
  );

const sumColumns = [
  "requests",
  "inputTokens",
  "cachedTokens",
  "outputTokens",
  "reasoningTokens",
  "costNano",
] as const;

export function usageRepository(asking: Asking): UsageRepository {
  return {
    append: (batch) =>
      asking.together(async (db) => {
        const { id, at, records, lines } = batch;
        if (records > usageBatchMax) throw tooLarge(records);
        const insert = db.insertInto("usageBatches").values({ id, at, records, lines });
        const result = await insert
          .onConflict((c) => c.column("id").doNothing())
          .executeTakeFirst();
        if (Number(result.numInsertedOrUpdatedRows ?? 0n) === 0) return false;
        await addMinutes(db, batch.sums);
        return true;
      }),
    sums: (groups, where = {}) => asking.ask((db) => sumUsage(db, groups, where)),
  };
}

async function addMinutes(db: Db, sums: readonly UsageMinute[]): Promise<void> {
  if (sums.length === 0) return;
  // One order for every node, so that two batches never wait for each other.
  const values = sums
    .map((sum) => ({ ...sum, day: dayOf(sum.minute) }))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await db
    .insertInto("usageMinutes")
    .values(values)
    .onConflict((c) =>
      c.columns(["minute", "tenantId", "keyId", "model"]).doUpdateSet((e) => ({
        requests: e("usageMinutes.requests", "+", e.ref("excluded.requests")),
        inputTokens: e("usageMinutes.inputTokens", "+", e.ref("excluded.inputTokens")),
        cachedTokens: e("usageMinutes.cachedTokens", "+", e.ref("excluded.cachedTokens")),
        outputTokens: e("usageMinutes.outputTokens", "+", e.ref("excluded.outputTokens")),
        reasoningTokens: e("usageMinutes.reasoningTokens", "+", e.ref("excluded.reasoningTokens")),
        costNano: e("usageMinutes.costNano", "+", e.ref("excluded.costNano")),
      })),
    )
    .execute();
}

const keyOf = ({ minute, tenantId, keyId, model }: UsageMinute): string =>
  JSON.stringify([minute, tenantId, keyId, model]);

/** UTC. */
const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

const minuteOf = (atMs: number): number => atMs - (atMs % 60_000);

async function sumUsage(
  db: Db,
  groups: readonly UsageGroup[],
  where: UsageFilter,
): Promise<UsageSum[]> {
  const columns = [...new Set(groups)];
  let query = db
    .selectFrom("usageMinutes")
    .select((e) => sumColumns.map((column) => e.fn.sum<number>(column).as(column)));
  if (columns.length > 0) query = query.select(columns).groupBy(columns);
  for (const column of columns) query = query.orderBy(column);
  if (where.keyId !== undefined) query = query.where("keyId", "=", where.keyId);
  if (where.tenantId !== undefined) query = query.where("tenantId", "=", where.tenantId);
  if (where.model !== undefined) query = query.where("model", "=", where.model);
  if (where.fromMs !== undefined) query = query.where("minute", ">=", minuteOf(where.fromMs));
  if (where.toMs !== undefined) query = query.where("minute", "<", minuteOf(where.toMs));
  const rows: readonly Readonly<Record<string, unknown>>[] = await query.limit(groupsMax).execute();
  const count = (value: unknown): number => Number(value ?? 0);
  return rows.map((row) => ({
    group: columns.map((column) => String(row[column])),
    requests: count(row["requests"]),
    inputTokens: count(row["inputTokens"]),
    cachedTokens: count(row["cachedTokens"]),
    outputTokens: count(row["outputTokens"]),
    reasoningTokens: count(row["reasoningTokens"]),
    costNano: count(row["costNano"]),
  }));
}

export function budgetRepository(asking: Asking): BudgetRepository {
  return {
    add: (rows) => asking.ask((db) => addSpent(db, merged(batchOf(rows)))),
    spent: (periods) =>
      asking.ask((db) =>
        db
          .selectFrom("budgetSpent")
          .select(columnsOf.budgetSpent)
          .where("period", "in", periods.slice(0, pageSize(undefined)))
          .orderBy("budgetId")
          .orderBy("period")
          .execute(),
      ),
  };
}

/** One row per budget and period: one statement may not change a row twice. */
function merged(rows: readonly BudgetSpentRow[]): BudgetSpentRow[] {
  const byKey = new Map<string, BudgetSpentRow>();
  for (const row of rows) {
    const key = JSON.stringify([row.budgetId, row.period]);
    const before = byKey.get(key);
    const spentNano = row.spentNano + (before?.spentNano ?? 0);
    byKey.set(key, { ...row, spentNano });
  }
  // One order for every node, so that two batches never wait for each other.
  return [...byKey.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

async function addSpent(db: Db, rows: readonly BudgetSpentRow[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto("budgetSpent")
    .values([...rows])
    .onConflict((c) =>
      c.columns(["budgetId", "period"]).doUpdateSet((e) => ({
        spentNano: e("budgetSpent.spentNano", "+", e.ref("excluded.spentNano")),
        updatedAt: e.ref("excluded.updatedAt"),
      })),
    )
    .execute();
}

import { seededRandom, type Random } from "@loadline/kit/random";
import type { FeedAsker, FeedOrder } from "./order.ts";
import { rowOf } from "./order.ts";
import { type FeedRow, type FeedTable, TableReader, textOf } from "./table.ts";

/** A feeder as the engine's plan carries it: plain data, the rows in shared memory. */
export interface FeedPlan {
  /** As written in the plan: a path, or a module's export. */
  readonly source: string;
  readonly order: FeedOrder;
  /** Rows of `unique` that were given away before the first arrival, default 0. */
  readonly skip?: number;
  /** Columns whose values reach no sample, log or evidence. */
  readonly secret: readonly string[];
  /** Null for a generator. */
  readonly table: FeedTable | null;
  /** Called in each worker for each arrival; null for a file. */
  readonly generator: { readonly file: string; readonly export: string } | null;
}

/** Makes the row of an arrival; equal for equal index, because `random` is seeded by it. */
export type FeedGenerator = (index: number, random: Random) => unknown;

/** Gives each arrival its row. */
export interface Feed {
  /** Null: every row was given once (`unique`), the scenario is over. */
  row(of: FeedAsker): FeedRow | null;
  /** Values of a row that must stay out of every text. */
  secretsOf(row: FeedRow): readonly string[];
}

/** The feeder of a worker thread, over rows shared with the others. */
export function createTableFeed(plan: FeedPlan, table: FeedTable, seed: number): Feed {
  const reader = new TableReader(table);
  return {
    row({ index, vu }) {
      const asker =
        plan.order === "unique" ? { index: index + (plan.skip ?? 0), vu } : { index, vu };
      const at = rowOf(plan.order, table.rows, seed, asker);
      return at === -1 ? null : reader.row(at);
    },
    secretsOf: (row) => reader.secretsOf(row),
  };
}

/** A feeder that makes its rows. What it throws, or a row that is no object, is the scenario's fault. */
export function createGeneratedFeed(plan: FeedPlan, make: FeedGenerator, seed: number): Feed {
  return {
    row({ index }) {
      const row = make(index, seededRandom((seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0));
      if (row === null || row === undefined) return null;
      if (typeof row !== "object" || Array.isArray(row)) {
        throw new TypeError(`${plan.source} made a row that is no object`);
      }
      return row as FeedRow;
    },
    secretsOf: (row) => plan.secret.map((column) => textOf(row[column])).filter((v) => v !== ""),
  };
}

import type { Clock } from "@loadline/kit/clock";
import { type Logger, oncePerSecond } from "@loadline/kit/logger";
import type { Bucket } from "../limits/buckets.ts";
import type { Dimension } from "../limits/dimension.ts";
import type { BudgetRepository } from "../state/repositories.ts";
import type { BudgetSpentRow } from "../state/rows.ts";
import { windowAt } from "./window.ts";

export interface LedgerDeps {
  readonly clock: Clock;
  readonly budgets: BudgetRepository;
  /** The store could not be read or written; at most one call per try. */
  readonly onFailure: (cause: unknown) => void;
}

/** Limits with the limiter of each, at the same positions. */
export interface LedgerPlan {
  readonly dims: readonly Pick<Dimension, "resource" | "limit">[];
  readonly buckets: readonly Bucket[];
}

/**
 * What budgets have spent, kept beyond the life of the process. The store is always ahead: before a
 * call may spend more than is written there, the next part of the budget (0.5 %) is written as
 * spent. So a crash charges what it cannot account for, and a restart never spends twice.
 */
export interface Ledger {
  /** Undefined when what was spent before is known; else wait: false when it is not known now. */
  load(): Promise<boolean> | undefined;
  /** Undefined when the store has what the call may spend; else wait for it. */
  cover(plan: LedgerPlan, nano: number): Promise<void> | undefined;
  /** What the store has of a budget's period. */
  spentOf(budgetId: string, period: string): number;
  /** Gives back what was written ahead. */
  close(buckets: Iterable<Bucket>): Promise<void>;
}

const aheadShare = 0.005;
const triesMax = 64;

export function createLedger(deps: LedgerDeps): Ledger {
  return new StoredLedger(deps);
}

/**
 * The ledger of a process: it knows what was spent before the store may go away, not with the first
 * call, and tells of a store that fails at most once a second, though each call may try it.
 */
export function openLedger(
  limits: readonly Pick<Dimension, "resource">[],
  { logger, ...deps }: Omit<LedgerDeps, "onFailure"> & { readonly logger: Logger },
): Ledger {
  const mayTell = oncePerSecond(deps.clock);
  const onFailure = (cause: unknown): void => {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (mayTell()) logger.warn("budget.store", { text });
  };
  const ledger = createLedger({ ...deps, onFailure });
  if (limits.some(({ resource }) => resource === "money")) void ledger.load();
  return ledger;
}

class StoredLedger implements Ledger {
  readonly #deps: LedgerDeps;
  #known: Map<string, number> | undefined;
  #loading: Promise<boolean> | undefined;
  readonly #writing = new Map<Bucket, Promise<void>>();

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  spentOf(budgetId: string, period: string): number {
    return this.#known?.get(`${period} ${budgetId}`) ?? 0;
  }

  cover(plan: LedgerPlan, nano: number): Promise<void> | undefined {
    return this.#uncovered(plan, nano) < 0 ? undefined : this.#coverAll(plan, nano);
  }

  async close(buckets: Iterable<Bucket>): Promise<void> {
    await Promise.all(this.#writing.values());
    const rows: BudgetSpentRow[] = [];
    for (const bucket of buckets) {
      const ahead = bucket.coveredNano - bucket.spentNano;
      if (bucket.windowId === "" || bucket.kind !== "m" || ahead === 0) continue;
      rows.push(this.#row(bucket, -ahead));
      bucket.coveredNano = bucket.spentNano;
    }
    if (rows.length > 0) await this.#deps.budgets.add(rows).catch(this.#deps.onFailure);
  }

  load(): Promise<boolean> | undefined {
    if (this.#known) return undefined;
    this.#loading ??= this.#read().finally(() => void (this.#loading = undefined));
    return this.#loading;
  }

  /** Reads the periods of now; false when the store does not answer. */
  async #read(): Promise<boolean> {
    const wallMs = this.#deps.clock.wallMs();
    const periods = (["day", "month", "total"] as const).map((name) => windowAt(name, wallMs).id);
    try {
      const rows = await this.#deps.budgets.spent(periods);
      this.#known = new Map(rows.map((row) => [`${row.period} ${row.budgetId}`, row.spentNano]));
      return true;
    } catch (cause) {
      this.#deps.onFailure(cause);
      return false;
    }
  }

  /** Position of the first budget whose next spending is not written yet; -1 when all are. */
  #uncovered(plan: LedgerPlan, nano: number): number {
    for (let i = 0; i < plan.dims.length; i++) {
      const dim = plan.dims[i];
      const bucket = plan.buckets[i];
      if (dim?.resource !== "money" || !bucket) continue;
      const next = bucket.spentNano + nano;
      if (next > bucket.coveredNano && next <= dim.limit) return i;
    }
    return -1;
  }

  async #coverAll(plan: LedgerPlan, nano: number): Promise<void> {
    for (let tries = 0; tries < triesMax; tries++) {
      const i = this.#uncovered(plan, nano);
      const bucket = plan.buckets[i];
      const limit = plan.dims[i]?.limit ?? 0;
      if (!bucket) return;
      let writing = this.#writing.get(bucket);
      if (!writing) {
        const missing = bucket.spentNano + nano - bucket.coveredNano;
        const part = Math.max(missing, Math.ceil(limit * aheadShare));
        writing = this.#write(bucket, Math.min(part, limit - bucket.coveredNano));
        this.#writing.set(bucket, writing);
      }
      await writing;
    }
  }

  /** A store that does not take it is no reason to refuse: memory still holds the budget. */
  async #write(bucket: Bucket, part: number): Promise<void> {
    const { windowId } = bucket;
    try {
      await this.#deps.budgets.add([this.#row(bucket, part)]);
    } catch (cause) {
      this.#deps.onFailure(cause);
    }
    if (bucket.windowId === windowId) bucket.coveredNano += part;
    this.#writing.delete(bucket);
  }

  #row(bucket: Bucket, spentNano: number): BudgetSpentRow {
    const updatedAt = this.#deps.clock.wallMs();
    return { budgetId: bucket.id, period: bucket.windowId, spentNano, updatedAt };
  }
}

export type BudgetPeriod = "day" | "month" | "total";

const dayMs = 86_400_000;

/** One period of a budget, in wall-clock ms (UTC). */
export interface BudgetWindow {
  /** `2026-01-31`, `2026-01` or `total`. */
  readonly id: string;
  readonly startMs: number;
  /** Exclusive; infinite for `total`. */
  readonly endMs: number;
}

/** The window that a time lies in. */
export function windowAt(period: BudgetPeriod, wallMs: number): BudgetWindow {
  if (period === "total") return { id: "total", startMs: 0, endMs: Number.POSITIVE_INFINITY };
  const date = new Date(wallMs);
  if (period === "day") {
    const startMs = Math.floor(wallMs / dayMs) * dayMs;
    return { id: date.toISOString().slice(0, 10), startMs, endMs: startMs + dayMs };
  }
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  return {
    id: date.toISOString().slice(0, 7),
    startMs: Date.UTC(year, month, 1),
    endMs: Date.UTC(year, month + 1, 1),
  };
}

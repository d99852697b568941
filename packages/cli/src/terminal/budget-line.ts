import { formatDuration } from "@loadline/contract";
import type { BudgetRow, RunBudget } from "@loadline/validator";

function stepOf({ stage, state, plannedMs }: BudgetRow): string {
  return state === "planned" ? `${stage} ${formatDuration(plannedMs)}` : `${stage} ${state}`;
}

/** What a run will take, one line: every stage, the rests between them, their sum, the budget. */
export function budgetLine({ rows, sumMs, budgetMs }: RunBudget): string {
  const restMs = rows.reduce((sum, row) => sum + row.cooldownMs, 0);
  const rests = restMs === 0 ? [] : [`rests ${formatDuration(restMs)}`];
  const steps = [...rows.map(stepOf), ...rests].join(", ");
  return `plan: ${steps}; sum ${formatDuration(sumMs)} of ${formatDuration(budgetMs)}`;
}

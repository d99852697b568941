import type { RunPlan } from "@loadline/contract";
import { validatorErrors } from "../errors.ts";
import { type PlanStages, readStages } from "../plan/stages.ts";
import { askedTargets } from "../plan/targets.ts";
import { stages } from "./stages.ts";
import type { Stage } from "./stage.ts";

/** One step of a run before it starts. */
export interface BudgetRow {
  readonly stage: string;
  readonly state: "planned" | "skipped" | "declared only";
  /** Claims it feeds; 0 for what serves the others. */
  readonly claims: number;
  /** Rest before it, ms. */
  readonly cooldownMs: number;
  readonly plannedMs: number;
}

/** What a run will take, and what it may take. */
export interface RunBudget {
  readonly rows: readonly BudgetRow[];
  /** Sum of stages and rests, ms. */
  readonly sumMs: number;
  readonly budgetMs: number;
}

/** Whether a plan has a use for a stage: it feeds a claim, or serves those that do. */
export function isNeeded(plan: RunPlan, stage: Stage): boolean {
  if (stage.feeds !== "") return plan.claims.some(({ of }) => of.startsWith(stage.feeds));
  return askedTargets(readStages(plan)).length > 0;
}

function stateOf(stage: Stage, skip: readonly string[]): BudgetRow["state"] {
  if (skip.includes(stage.id)) return "skipped";
  return stage.isDeclaredOnly === true ? "declared only" : "planned";
}

/** Rest before a stage, ms: only between two that send something. */
export function cooldownOf(stage: Stage, terms: PlanStages, sentBefore: boolean): number {
  const rests = sentBefore && stage.feeds !== "" && stateOf(stage, terms.skip) === "planned";
  return rests ? terms.cooldownSeconds * 1000 : 0;
}

/** The steps of a run with their true sum; nothing is sent. @throws LL_PLAN_INVALID. */
export function planBudget(plan: RunPlan): RunBudget {
  const terms = readStages(plan);
  let sentBefore = false;
  const rows = stages
    .filter((stage) => isNeeded(plan, stage))
    .map((stage): BudgetRow => {
      const state = stateOf(stage, terms.skip);
      const isPlanned = state === "planned";
      const cooldownMs = cooldownOf(stage, terms, sentBefore);
      sentBefore ||= isPlanned && stage.feeds !== "";
      const fed = plan.claims.filter(
        ({ of }) => stage.feeds !== "" && of.startsWith(stage.feeds),
      ).length;
      const plannedMs = isPlanned ? Math.round(stage.plannedMs(terms)) : 0;
      return { stage: stage.id, state, claims: fed, cooldownMs, plannedMs };
    });
  const sumMs = rows.reduce((sum, row) => sum + row.cooldownMs + row.plannedMs, 0);
  return { rows, sumMs, budgetMs: plan.budgetMinutes * 60_000 };
}

const minutes = (ms: number): string => (ms / 60_000).toFixed(1);

/** The budget of a plan that fits it. @throws LL_PLAN_OVER_BUDGET, LL_PLAN_INVALID. */
export function checkBudget(plan: RunPlan): RunBudget {
  const budget = planBudget(plan);
  if (budget.sumMs <= budget.budgetMs) return budget;
  const parts = budget.rows
    .filter(({ plannedMs }) => plannedMs > 0)
    .map(({ stage, plannedMs }) => `${stage} ${minutes(plannedMs)}`);
  const sum = `${minutes(budget.sumMs)} min (${parts.join(", ")})`;
  const message = `The stages take ${sum}, the plan announces ${minutes(budget.budgetMs)} min.`;
  throw validatorErrors.make("LL_PLAN_OVER_BUDGET", message);
}

import { growingLabel, type Metrics } from "@loadline/kit/metrics";
import { limitResources, limitScopes } from "./config.ts";
import type { Dimension } from "./dimension.ts";
import type { Plan } from "./plan.ts";

export const limitModes = ["local", "shared", "degraded"] as const;
export type LimitMode = (typeof limitModes)[number];

export interface LimitMetrics {
  admitted(plan: Plan): void;
  refused(dim: Dimension): void;
  shortfall(tokens: number): void;
  addressRefused(): void;
  /** Other limits count from now on. */
  install(limits: readonly Dimension[]): void;
  /** Before each rendering. */
  onRender(run: (set: LimitGauges) => void): void;
}

export interface LimitGauges {
  leases(count: number): void;
  mode(mode: LimitMode): void;
  /** Least that is left of a budget's limiters, 0 to 1. */
  budget(dim: Dimension, ratio: number): void;
}

export function createLimitMetrics(metrics: Metrics, limits: readonly Dimension[]): LimitMetrics {
  const decisions = metrics.counter("loadline_limit_decisions", "Decisions of limits.", {
    scope: [...limitScopes, "address"],
    resource: [...limitResources, "failures"],
    decision: ["admitted", "refused"],
  });
  const mode = metrics.gauge("loadline_limit_mode", "1 for how limits are kept now.", {
    mode: limitModes,
  });
  const leases = metrics.gauge("loadline_leases", "Open reservations.", {});
  const shortfall = metrics.counter(
    "loadline_lease_shortfall_tokens",
    "Tokens used beyond what was reserved.",
    {},
  );
  const budget = growingLabel();
  const rest = metrics.gauge("loadline_budget_remaining_ratio", "Least left of a budget, 0 to 1.", {
    budget,
  });
  const install = (dims: readonly Dimension[]): void => {
    budget.grow(dims.filter((dim) => dim.resource === "money").map(budgetName));
    // Nothing is spent of a budget that is no more.
    for (let i = 0; i < budget.values.length; i++) rest.set(i, 1);
  };
  install(limits);
  const slotOf = (dim: Dimension, decision: number): number =>
    decisions.slot([
      limitScopes.indexOf(dim.scope),
      limitResources.indexOf(dim.resource),
      decision,
    ]);
  return {
    admitted(plan) {
      plan.slots ??= plan.dims.map((dim) => slotOf(dim, 0));
      for (const slot of plan.slots) decisions.add(slot);
    },
    refused: (dim) => decisions.add(slotOf(dim, 1)),
    shortfall: (tokens) => shortfall.add(0, tokens),
    addressRefused: () =>
      decisions.add(decisions.slot([limitScopes.length, limitResources.length, 1])),
    install,
    onRender(run) {
      metrics.onRender(() =>
        run({
          leases: (count) => leases.set(0, count),
          mode: (is) => limitModes.forEach((name, i) => mode.set(i, name === is ? 1 : 0)),
          budget: (dim, ratio) => rest.set(budget.indexOf(budgetName(dim)), ratio),
        }),
      );
    },
  };
}

/** Name of a budget as a label: it comes from the configuration alone. */
export function budgetName(dim: Dimension): string {
  const match = dim.match === undefined ? "" : `:${[...dim.match].join("+")}`;
  return `${dim.scope}${match}/${dim.period ?? ""}`;
}

import { targetName } from "@loadline/contract";
import { stackItems } from "../stack/claims.ts";
import { edgeItems } from "../stack/edges.ts";
import { newServiceState, runItem, type ServiceState } from "../stack/run-stack.ts";
import type { PlanStages } from "../plan/stages.ts";
import type { Stage } from "./stage.ts";

/** A check that is answered takes about this. */
const checkMs = 100;

/** The run again, where nobody says how it was begun. */
const validateAgain = ["loadline", "validate", "--plan", "plan.yaml"];

const itemsOf = (stages: PlanStages) =>
  stages.stack === undefined
    ? []
    : [...stackItems(stages.stack, 0.95), ...edgeItems(stages.stack, 0.95)];

/** An edge rests on checks of both of its ends, named with their services. */
function edgeState(states: ReadonlyMap<string, ServiceState>): ServiceState {
  const passed = [...states].flatMap(([name, state]) =>
    [...state.passed].map((check) => `${name}.${check}`),
  );
  return { ...newServiceState(), passed: new Set(passed) };
}

/** Checks of the declared services, one after another; without a stack it has nothing to do. */
export const stackStage: Stage = {
  id: "stack",
  resume: "never",
  feeds: "stack.",
  plannedMs: (stages) => itemsOf(stages).length * checkMs,
  async run({ stages, deps, recorder, run, plan, progress }) {
    const { stack } = stages;
    if (stack === undefined) return;
    const items = itemsOf(stages);
    const states = new Map<string, ServiceState>();
    const secrets = deps.stackSecrets ?? new Map<string, string>();
    for (const [done, item] of items.entries()) {
      deps.signal.throwIfAborted();
      const text = `${item.name}: ${item.probe.summary}`;
      const leftMs = (items.length - done) * checkMs;
      progress({ state: "running", done, total: items.length, text, leftMs });
      const isEdge = item.claim.id.startsWith("stack.edge.");
      const own = states.get(item.name) ?? newServiceState();
      if (!isEdge) states.set(item.name, own);
      const state = isEdge ? edgeState(states) : own;
      await runItem(
        {
          stack,
          recorder,
          secret: (reference) => (reference === undefined ? undefined : secrets.get(reference)),
          clock: deps.clock,
          random: deps.random,
          again: deps.reproduce ?? validateAgain,
          mark: `loadline_${run
            .replaceAll(/[^a-z0-9]/gi, "")
            .slice(-16)
            .toLowerCase()}`,
          timeoutMs: stack.timeoutMs,
          signal: deps.signal,
          target: targetName(plan.target),
        },
        item,
        state,
      );
    }
  },
};

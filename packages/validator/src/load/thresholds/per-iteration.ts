import { declareSteps } from "../plan/declare-steps.ts";
import type { Step } from "../plan/step-schema.ts";
import type { ExecSpec, MixPart, Scenario } from "../types.ts";
import type { Planned } from "./planned.ts";

const times = (n: number): Planned => ({ most: n, about: n });

/**
 * Requests of one step, or of all, that an iteration of the scenario brings: the most there can be,
 * null where a module or a client decides, and what is likely when its answers are good.
 */
export function perIteration(
  { exec, steps }: Pick<Scenario, "exec" | "steps">,
  step: string | undefined,
): Planned {
  if (exec?.kind !== "mix") return sentBy(exec, steps?.map(({ name }) => name) ?? [], step);
  const weights = exec.parts.reduce((sum, { weight }) => sum + weight, 0);
  if (weights === 0) return times(0);
  const each = exec.parts.map((part) => {
    const { most, about } = ofPart(part, step);
    const share = part.weight / weights;
    return { most: most === null ? null : most * share, about: (about ?? 0) * share };
  });
  const known = each.map(({ most }) => most);
  return {
    most: known.includes(null) ? null : known.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    about: each.reduce((sum, { about }) => sum + about, 0),
  };
}

function ofPart(part: MixPart, step: string | undefined): Planned {
  const names = part.steps?.map(({ name }) => name) ?? [part.name];
  if (step !== undefined && !names.includes(step)) return times(0);
  return sentBy(part.exec, names, step);
}

function sentBy(
  exec: ExecSpec | undefined,
  names: readonly string[],
  step: string | undefined,
): Planned {
  switch (exec?.kind) {
    case undefined:
      return times(1);
    case "steps":
      // Validated by the plan's schema when it was compiled.
      return ofSteps(exec.data as readonly Step[], step);
    case "mcp":
      return times(step === undefined ? exec.options.calls.length : 1);
    case "rag": {
      const { ingestShare } = exec.options;
      if (step === undefined) return times(1);
      return times(names.indexOf(step) === 0 ? ingestShare : 1 - ingestShare);
    }
    default:
      return { most: null, about: 1 };
  }
}

function ofSteps(steps: readonly Step[], step: string | undefined): Planned {
  const declared = declareSteps(steps).filter(
    ({ name }) => step === undefined || name.name === step,
  );
  const each = declared.map(({ path }) => passesOf(steps, path));
  return {
    most: each.reduce((sum, { passes }) => sum + passes, 0),
    about: each.reduce((sum, { passes, isUsual }) => sum + (isUsual ? passes : 0), 0),
  };
}

/** How often a step is passed, and whether an iteration whose answers are good passes it. */
function passesOf(
  steps: readonly Step[],
  path: readonly PropertyKey[],
): { readonly passes: number; readonly isUsual: boolean } {
  let [list, passes, isUsual] = [steps, 1, true];
  for (const key of path) {
    const step = typeof key === "number" ? list[key] : undefined;
    if (step === undefined) continue;
    isUsual &&= step.when === undefined || step.when.includes("ok");
    passes *= step.repeat?.times ?? 1;
    list = step.repeat?.steps ?? step.group?.steps ?? [];
  }
  return { passes, isUsual };
}

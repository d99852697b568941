import type { StepName } from "../scenario-types.ts";
import { kindOf, type Step } from "./step-schema.ts";

/** Steps that send: each has a series under its name. */
const sending = new Set(["http", "llm", "rag", "mcp", "ws"]);

/** A step that sends, with its number among them. */
export interface DeclaredStep {
  readonly step: Step;
  readonly name: StepName;
  /** From the steps of the scenario. */
  readonly path: readonly PropertyKey[];
}

/** Steps that send, in the order they are written; their number is what the engine counts by. */
export function declareSteps(steps: readonly Step[]): DeclaredStep[] {
  const found: DeclaredStep[] = [];
  declare(steps, [], { found, groups: [] });
  return found;
}

function declare(
  steps: readonly Step[],
  path: readonly PropertyKey[],
  o: { readonly found: DeclaredStep[]; readonly groups: readonly string[] },
): void {
  for (const [i, step] of steps.entries()) {
    const here = [...path, i];
    const kind = kindOf(step);
    if (step.group !== undefined) {
      const groups = [...o.groups, step.group.name];
      declare(step.group.steps, [...here, "group", "steps"], { found: o.found, groups });
    } else if (step.repeat !== undefined) {
      declare(step.repeat.steps, [...here, "repeat", "steps"], o);
    } else if (sending.has(kind)) {
      const name = step.name ?? `${kind}-${o.found.length + 1}`;
      const group = o.groups.join(".");
      const tags = { ...(group !== "" && { group }), ...step.tags };
      const tagged = Object.keys(tags).length === 0 ? { name } : { name, tags };
      o.found.push({ step, name: tagged, path: here });
    }
  }
}

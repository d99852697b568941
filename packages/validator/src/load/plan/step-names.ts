import type { Scenario } from "../types.ts";

/** A declared step and the tags its requests have: its own before those of its scenario. */
export interface TaggedStep {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A scenario's declared steps, by index: its own, those of its mix, else one of its own name. */
export function taggedSteps(name: string, scenario: Scenario): TaggedStep[] {
  const { exec, steps, tags } = scenario;
  const declared =
    exec?.kind === "mix"
      ? exec.parts.flatMap((part) => part.steps ?? [{ name: part.name }])
      : (steps ?? [{ name }]);
  return declared.map((step) => ({ name: step.name, tags: { ...tags, ...step.tags } }));
}

/** Names of a scenario's declared steps, by index. */
export function stepNames(name: string, scenario: Scenario): string[] {
  return taggedSteps(name, scenario).map((step) => step.name);
}

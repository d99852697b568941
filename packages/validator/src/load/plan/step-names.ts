import type { Scenario } from "../types.ts";

/** Names of a scenario's declared steps, by index: its own, those of its mix, else its one name. */
export function stepNames(name: string, scenario: Scenario): string[] {
  if (scenario.exec?.kind === "mix") {
    return scenario.exec.parts.flatMap(
      (part) => part.steps?.map((step) => step.name) ?? [part.name],
    );
  }
  return scenario.steps?.map((step) => step.name) ?? [name];
}

import { loadErrors } from "../errors.ts";
import { createModuleExec } from "../scenario/module/module-exec.ts";
import { createStepsExec } from "../scenario/steps/steps-exec.ts";
import type { ExecSpec, Scenario } from "../types.ts";
import type { Exec, ExecContext, ExecFactory } from "./exec.ts";
import { createRequestExec } from "./request-exec.ts";

/** The one table of what an iteration can be. */
const factories: Readonly<Partial<Record<"request" | ExecSpec["kind"], ExecFactory>>> = {
  request: createRequestExec,
  steps: createStepsExec,
  module: createModuleExec,
};

/** The Exec of a scenario in this worker. Rejects with LL_LOAD_PLAN_INVALID for one that cannot be. */
export async function createExec(scenario: Scenario, context: ExecContext): Promise<Exec> {
  const kind = scenario.exec?.kind ?? "request";
  const factory = factories[kind];
  if (factory === undefined) {
    const text = `load.scenarios.${context.name}.exec.kind ${kind} is unknown.`;
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", text);
  }
  return await factory(scenario, context);
}

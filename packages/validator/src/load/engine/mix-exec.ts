import type { MixPart, Scenario } from "../scenario-types.ts";
import { createMix } from "../schedule/mix.ts";
import type { Exec, ExecContext, ExecFactory } from "./exec.ts";

/** Each iteration is one part of the mix, by permuted blocks: the same for any number of workers. */
export async function createMixExec(
  scenario: Scenario,
  context: ExecContext,
  create: ExecFactory,
): Promise<Exec> {
  const parts = scenario.exec?.kind === "mix" ? scenario.exec.parts : [];
  const mix = createMix(
    parts.map(({ weight }) => weight),
    context.seed,
  );
  const execs: Exec[] = [];
  let firstStep = 0;
  for (const part of parts) {
    execs.push(await create(scenarioOf(scenario, part), contextOf(context, firstStep)));
    firstStep += part.steps?.length ?? 1;
  }
  return {
    start(it, ended) {
      // A mix of no parts is refused with the plan.
      execs[mix.at(it.index)]?.start(it, ended);
    },
    close: async () => {
      await Promise.all(execs.map(async (exec) => await exec.close?.()));
    },
  };
}

/** The part as a scenario of its own, with the times of the mix. */
function scenarioOf(scenario: Scenario, part: MixPart): Scenario {
  const { request: _request, exec: _exec, steps: _steps, ...terms } = scenario;
  return {
    ...terms,
    ...(part.request !== undefined && { request: part.request }),
    ...(part.exec !== undefined && { exec: part.exec }),
    ...(part.steps !== undefined && { steps: part.steps }),
  };
}

/** A part counts its steps from 0; those of the parts before it come first. */
function contextOf(context: ExecContext, firstStep: number): ExecContext {
  if (firstStep === 0) return context;
  return {
    ...context,
    send: (ask) => context.send({ ...ask, step: ask.step + firstStep }),
    begin: (step, index, intendedMs) => context.begin(step + firstStep, index, intendedMs),
  };
}

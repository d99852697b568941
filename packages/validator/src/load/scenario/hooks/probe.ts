import type { Clock } from "@loadline/kit/clock";
import { createExec } from "../../engine/create-exec.ts";
import type { Iteration } from "../../engine/exec.ts";
import type { Scenario } from "../../scenario-types.ts";
import type { LoadPlan, MissingStep } from "../../types.ts";
import type { Step } from "../../plan/step-schema.ts";
import { createLoneContext } from "./lone-context.ts";

/** Statuses by which a target says that it has no such route. */
const missingStatuses = new Set([404, 405, 501]);
const probeMs = 30_000;
const requestsMax = 200;

/**
 * Sends each step of every scenario once, outside of all accounts, and names those that the target
 * has no route for. A target that cannot be reached, or fails in another way, lacks nothing.
 */
export async function probeSteps(
  plan: LoadPlan,
  clock: Clock,
  event: (text: string) => void,
): Promise<MissingStep[]> {
  const missing: MissingStep[] = [];
  // The one row of a `unique` feeder that no arrival gets.
  const feeds = Object.entries(plan.feeds ?? {}).map(([name, feed]) => [
    name,
    { ...feed, skip: 0 },
  ]);
  const own = { ...plan, feeds: Object.fromEntries(feeds) };
  for (const [name, scenario] of Object.entries(plan.scenarios)) {
    for (const part of partsOf(scenario)) {
      missing.push(...(await probeOne(own, { name, scenario: part }, { clock, event })));
    }
  }
  return missing;
}

/** Every part of a mix is a scenario of its own here: none is left to chance. */
function partsOf(scenario: Scenario): Scenario[] {
  const { exec } = scenario;
  if (exec?.kind === "mix") {
    return exec.parts.flatMap(({ request, exec: own, steps }) => {
      const { request: _request, exec: _exec, steps: _steps, ...terms } = scenario;
      return partsOf({
        ...terms,
        ...(request !== undefined && { request }),
        ...(own !== undefined && { exec: own }),
        ...(steps !== undefined && { steps }),
      });
    });
  }
  if (exec?.kind !== "steps") return [scenario];
  return [{ ...scenario, exec: { kind: "steps", data: eachOnce(exec.data as readonly Step[]) } }];
}

/** The steps without their conditions, each once. */
function eachOnce(steps: readonly Step[]): Step[] {
  return steps.map(({ when: _when, ...step }) => {
    if (step.group !== undefined) {
      return { ...step, group: { ...step.group, steps: eachOnce(step.group.steps) } };
    }
    if (step.repeat === undefined) return step;
    return { ...step, repeat: { times: 1, steps: eachOnce(step.repeat.steps) } };
  });
}

async function probeOne(
  plan: LoadPlan,
  { name, scenario }: { readonly name: string; readonly scenario: Scenario },
  { clock, event }: { readonly clock: Clock; readonly event: (text: string) => void },
): Promise<MissingStep[]> {
  const missing = new Map<number, MissingStep>();
  const { promise, resolve } = Promise.withResolvers<void>();
  using lone = createLoneContext({
    plan,
    clock,
    name,
    event,
    isProbe: true,
    requestsMax,
    spent: resolve,
    ended({ step, status }, outcome) {
      if (outcome === "ok" || !missingStatuses.has(status)) return;
      missing.set(step, { scenario: name, step: scenario.steps?.[step]?.name ?? name, status });
    },
  });
  const exec = await createExec(scenario, lone.context);
  const nowMs = clock.monotonicMs();
  const it: Iteration = {
    scenario: 0,
    vu: 0,
    index: 0,
    turn: 0,
    intendedMs: nowMs,
    wakeMs: nowMs,
  };
  const late = clock.after(probeMs, resolve);
  exec.start(it, () => resolve());
  await promise;
  late.cancel();
  lone.keepPauses();
  await exec.close?.();
  return [...missing.values()];
}

import type { LoadDeps, LoadPlan, LoadRecord } from "../../types.ts";
import { createHooks, type Hooks } from "./hooks.ts";
import { createThreadHooks } from "./thread-hooks.ts";

/** How a plan is run once its hooks are done. */
export type RunPlan = (plan: LoadPlan, deps: LoadDeps) => AsyncGenerator<LoadRecord>;

/**
 * `setup` once, each step sent once, the run, `teardown` always: also after a stop, an error or a
 * reader that leaves. None of it is measured. A step the target has no route for ends the run
 * before it began, with `load.missing` and nothing else. Throws LL_LOAD_HOOK for a failed setup.
 */
export async function* withHooks(
  plan: LoadPlan,
  deps: LoadDeps,
  run: RunPlan,
): AsyncGenerator<LoadRecord> {
  if (
    plan.probe !== true &&
    plan.hooks?.setup === undefined &&
    plan.hooks?.teardown === undefined
  ) {
    yield* run(plan, deps);
    return;
  }
  const events: LoadRecord[] = [];
  const event = (text: string): void => void events.push({ type: "load.event", text });
  const hooks =
    deps.engine === "inline"
      ? createHooks(plan, deps.clock, event)
      : createThreadHooks(plan, deps.clock, event);
  try {
    const setup = plan.hooks?.setup === undefined ? undefined : await hooks.setup();
    try {
      const missing = plan.probe === true && !stopped(deps) ? await hooks.probe(setup) : [];
      yield* events.splice(0);
      if (missing.length > 0) yield { type: "load.missing", missing };
      else yield* run(prepared(plan, setup), deps);
    } finally {
      if (plan.hooks?.teardown !== undefined) await tearDown(hooks, setup, event);
    }
    yield* events.splice(0);
  } finally {
    await hooks.close();
  }
}

/** The plan with what the hooks made and took: a probed `unique` row is not given again. */
function prepared(plan: LoadPlan, setup: unknown): LoadPlan {
  const given = setup === undefined ? {} : { setup };
  if (plan.probe !== true || plan.feeds === undefined) return { ...plan, ...given };
  const feeds = Object.entries(plan.feeds).map(([name, feed]) => [name, { ...feed, skip: 1 }]);
  return { ...plan, ...given, feeds: Object.fromEntries(feeds) };
}

const stopped = ({ signal }: LoadDeps): boolean => signal?.aborted === true;

/** The run's figures stand whatever its teardown does: a failure is told, not thrown. */
async function tearDown(
  hooks: Hooks,
  setup: unknown,
  event: (text: string) => void,
): Promise<void> {
  try {
    await hooks.teardown(setup);
  } catch (error) {
    event(error instanceof Error ? error.message : String(error));
  }
}

import type { Exec, ExecContext } from "../../engine/exec.ts";
import type { Step } from "../../plan/step-schema.ts";
import type { Scenario } from "../../scenario-types.ts";
import { openFeed } from "../feed/open-feed.ts";
import { createReport } from "../report.ts";
import { turnsOf } from "../sessions.ts";
import { Services } from "../services.ts";
import { compileProgram } from "./program.ts";
import { Run, type RunContext } from "./run.ts";

/** The Exec of a scenario whose iterations are steps of the plan. */
export async function createStepsExec(scenario: Scenario, context: ExecContext): Promise<Exec> {
  // Validated by the plan's schema before it crossed into this thread.
  const data: unknown = scenario.exec?.kind === "steps" ? scenario.exec.data : [];
  const program = compileProgram(data as readonly Step[], context);
  const feed = await openFeed(scenario, context);
  const report = createReport(context, feed);
  const services = new Services(context);
  const env = scenario.env ?? {};
  const turns = turnsOf(scenario);
  const shared: RunContext = { program, context, feed, services, env, turns, ...report };
  const runs: Run[] = [];
  return {
    start(it, ended) {
      const run = (runs[it.vu] ??= new Run(shared, it.vu * context.workers + context.worker));
      run.start(it, ended);
    },
    close: async () => await services.close(),
  };
}

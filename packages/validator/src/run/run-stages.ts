import type { Claim } from "@loadline/contract";
import { leaveRest } from "./leave-rest.ts";
import { stages } from "./stages.ts";
import { cooldownOf, isNeeded } from "./budget.ts";
import type { Stage, StageContext } from "./stage.ts";
import type { Progress } from "./types.ts";

function claimsOf(context: StageContext, stage: Stage): Claim[] {
  return context.plan.claims.filter(({ of }) => stage.feeds !== "" && of.startsWith(stage.feeds));
}

function recordFor(
  context: StageContext,
  stage: Stage,
  kind: "skip" | "check.error",
  data: object,
): void {
  for (const { id } of claimsOf(context, stage)) {
    context.recorder.append({ kind, by: stage.id, claims: [id], data: { ...data } });
  }
}

async function runStage(context: StageContext, stage: Stage): Promise<void> {
  const { recorder } = context;
  recorder.append({ kind: "stage.started", by: stage.id, data: { stage: stage.id } });
  try {
    await stage.run(context);
  } catch (error) {
    if (recorder.isFull()) leaveRest(recorder, claimsOf(context, stage), stage.id);
    else if (!context.deps.signal.aborted) {
      const why = error instanceof Error ? error.message : String(error);
      recordFor(context, stage, "check.error", {
        reason: "crashed",
        sentence: `The stage ${stage.id} broke: ${why}`,
      });
      recorder.append({ kind: "note", by: stage.id, data: { stageBroke: stage.id, why } });
    }
  }
  const finished = !context.deps.signal.aborted;
  recorder.append({ kind: "stage.ended", by: stage.id, data: { stage: stage.id, finished } });
  recorder.sync();
}

/** Why a stage is not run now, as a record of its claims; null when it is. */
function whyNot(context: StageContext, stage: Stage, leftMs: number) {
  if (context.stages.skip.includes(stage.id)) {
    const sentence = `The plan skips the stage ${stage.id}.`;
    return { reason: "skipped", sentence };
  }
  if (stage.resume === "never" && context.before.begun.has(stage.id)) {
    const sentence = `The run was interrupted in the stage ${stage.id}, which is not begun a second time.`;
    return { reason: "cancelled", sentence };
  }
  if (context.recorder.isFull()) {
    const sentence = `The bundle was full (LL_EVIDENCE_LIMIT) before ${stage.id}.`;
    return { reason: "over_budget", sentence };
  }
  if (leftMs > 0) return null;
  const sentence = `The ${context.plan.budgetMinutes} min of the plan were over before ${stage.id}.`;
  return { reason: "over_budget", sentence };
}

/** Rests before a stage; ends early with the run. */
async function rest(context: StageContext, ms: number): Promise<void> {
  const { clock, signal } = context.deps;
  if (ms === 0 || signal.aborted) return;
  const seconds = Math.round(ms / 1000);
  context.recorder.append({ kind: "note", by: "run", data: { cooldownMs: ms } });
  context.progress({ state: "waiting", done: 0, total: 1, text: `rests ${seconds} s`, leftMs: ms });
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Runs the stages in order; a broken one ends as `error` of its claims, the next still runs. */
export async function runStages(
  context: StageContext,
  report: (stage: Stage, state: Progress["state"]) => void,
): Promise<void> {
  const { deps, before } = context;
  const startedMs = deps.clock.monotonicMs();
  const needed = stages.filter((stage) => isNeeded(context.plan, stage));
  for (const stage of needed) report(stage, "waiting");
  let sentBefore = false;
  for (const stage of needed) {
    if (deps.signal.aborted) return;
    // What feeds no claim serves the stages after it, so a resumed run needs it again.
    if (stage.feeds === "" || !before.finished.has(stage.id)) {
      const spentMs = deps.clock.monotonicMs() - startedMs;
      const why = whyNot(context, stage, context.plan.budgetMinutes * 60_000 - spentMs);
      if (why !== null) {
        recordFor(context, stage, "skip", why);
        report(stage, "skipped");
        continue;
      }
      report(stage, "running");
      await rest(context, cooldownOf(stage, context.stages, sentBefore));
      if (deps.signal.aborted) return;
      await runStage(context, stage);
      sentBefore ||= stage.feeds !== "" && stage.isDeclaredOnly !== true;
    }
    report(stage, stage.isDeclaredOnly === true ? "skipped" : "done");
  }
}

import { stages } from "./stages.ts";
import type { Stage, StageContext } from "./stage.ts";

function claimsOf(context: StageContext, stage: Stage): string[] {
  const fed = context.plan.claims.filter(
    ({ of }) => stage.feeds !== "" && of.startsWith(stage.feeds),
  );
  return fed.map(({ id }) => id);
}

function recordFor(
  context: StageContext,
  stage: Stage,
  kind: "skip" | "check.error",
  data: object,
): void {
  for (const id of claimsOf(context, stage)) {
    context.recorder.append({ kind, by: stage.id, claims: [id], data: { ...data } });
  }
}

async function runStage(context: StageContext, stage: Stage): Promise<void> {
  const { recorder } = context;
  if (context.stages.skip.includes(stage.id)) {
    const sentence = `The plan skips the stage ${stage.id}.`;
    recordFor(context, stage, "skip", { reason: "skipped", sentence });
    return;
  }
  recorder.append({ kind: "stage.started", by: stage.id, data: { stage: stage.id } });
  try {
    await stage.run(context);
  } catch (error) {
    if (!context.deps.signal.aborted) {
      const why = error instanceof Error ? error.message : String(error);
      recordFor(context, stage, "check.error", {
        reason: "crashed",
        sentence: `The stage ${stage.id} broke: ${why}`,
      });
      recorder.append({ kind: "note", by: stage.id, data: { stageBroke: stage.id, why } });
    }
  }
  recorder.append({ kind: "stage.ended", by: stage.id, data: { stage: stage.id } });
  recorder.sync();
}

/** A plan that promises nothing of a stage has no use for it; what feeds nothing serves the target's. */
function isNeeded(context: StageContext, stage: Stage): boolean {
  if (stage.feeds !== "") return claimsOf(context, stage).length > 0;
  return context.plan.claims.some(({ of }) => !of.startsWith("stack."));
}

/** Runs the stages in order; a broken one ends as `error` of its claims, the next still runs. */
export async function runStages(
  context: StageContext,
  report: (stage: Stage, state: "waiting" | "done") => void,
): Promise<void> {
  const needed = stages.filter((stage) => isNeeded(context, stage));
  for (const stage of needed) report(stage, "waiting");
  for (const stage of needed) {
    if (context.deps.signal.aborted) return;
    await runStage(context, stage);
    report(stage, "done");
  }
}

import type { TargetLoadName } from "../target-load/names.ts";
import { endOf } from "../target-load/end.ts";
import { targetLoad } from "../target-load/target-load.ts";
import { type NoSamples, recordNoSamples } from "./no-samples.ts";
import { runJobWithin } from "./run-load-job.ts";
import type { StageContext, TargetContext } from "./stage.ts";

const by = "load";

/**
 * Holds users in turn on the target's chat or a route of the stack, or loads it for long with its
 * memory watched, and puts what is seen into the evidence of the run. A broken load is an error of its
 * own claims alone.
 */
export async function runTargetLoad(
  context: StageContext,
  name: TargetLoadName,
  chat: { readonly of: TargetContext; readonly whyNot: NoSamples | null } | null,
): Promise<void> {
  const { deps, recorder, run, stages, plan } = context;
  const { load } = stages;
  const { preflight, apiKey } = chat?.of ?? {};
  const end = endOf(name, stages, {
    ...(preflight !== undefined && { model: preflight.model }),
    ...(apiKey !== undefined && { apiKey }),
    secret: (reference) =>
      reference === undefined ? "" : (deps.stackSecrets?.get(reference) ?? ""),
  });
  const one = end === null ? null : targetLoad(name, { load, end, confidence: plan.confidence });
  if (one === null) return;
  // What the chat lacks is no matter of a route of the stack.
  const whyNot = load[name]?.route === undefined ? (chat?.whyNot ?? null) : null;
  if (whyNot !== null) return recordNoSamples(recorder, one.claims, whyNot);
  const own = {
    ...deps,
    onProgress: context.progress,
    // Its claims name how long it is: cut short it shows none of them.
    interrupted: "open" as const,
    onWarning: (event: string) => void recorder.append({ kind: "note", by, data: { event } }),
  };
  try {
    await runJobWithin(one.job, own, { run, recorder });
  } catch (error) {
    if (deps.signal.aborted) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const data = { reason: "crashed", sentence: `The load ${name} broke: ${said}` };
    recordNoSamples(recorder, one.claims, { kind: "check.error", data });
  }
}

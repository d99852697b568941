import type { Claim, RunPlan } from "@loadline/contract";
import type { Draft, Recorder } from "../evidence/recorder.ts";

/** Evidence of a stage that decides every claim on its stream, whatever the claim. */
const shared: ReadonlySet<string> = new Set([
  "observation",
  "item",
  "value",
  "finding",
  "skip",
  "check.error",
  "sample.window",
  "sample.closed",
]);

/** Whether one check saw it: load is counted for each claim, and a whole stage names all of its claims. */
const isShared = (by: string): boolean => /^(probe|stack)\./.test(by);

function streamOf(draft: Draft, streams: ReadonlyMap<string, string>): string | undefined {
  const said = draft.data["stream"];
  return typeof said === "string" ? said : streams.get(draft.claims?.[0] ?? "");
}

/** Own claims that a record is evidence for, beside those it names. */
function alsoFor(draft: Draft, own: readonly Claim[], streams: ReadonlyMap<string, string>) {
  if (draft.claims === undefined || draft.claims.length === 0) return [];
  const stream = streamOf(draft, streams);
  if (stream === undefined || !shared.has(draft.kind) || !isShared(draft.by)) return [];
  const part = draft.data["part"];
  return own
    .filter(({ id, of }) => of === stream && draft.claims?.includes(id) !== true)
    .filter(({ parts }) => typeof part !== "string" || parts.includes(part))
    .map(({ id }) => id);
}

/**
 * A recorder that names the claims of the plan's own beside the stage's where both are of one
 * stream: what a stage sees decides them both, and what it leaves out leaves them both open.
 */
export function shareWithOwn(recorder: Recorder, plan: RunPlan, ids: readonly string[]): Recorder {
  const own = plan.claims.filter(({ id }) => ids.includes(id));
  if (own.length === 0) return recorder;
  const streams = new Map(plan.claims.map(({ id, of }) => [id, of]));
  return {
    ...recorder,
    append(draft) {
      const more = alsoFor(draft, own, streams);
      if (more.length === 0) return recorder.append(draft);
      return recorder.append({ ...draft, claims: [...(draft.claims ?? []), ...more] });
    },
  };
}

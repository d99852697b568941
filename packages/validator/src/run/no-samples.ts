import type { Claim } from "@loadline/contract";
import type { Recorder } from "../evidence/recorder.ts";

const by = "load";

/** Why claims of a load have no samples. */
export interface NoSamples {
  readonly kind: "check.error" | "skip";
  readonly data: { readonly reason: string; readonly sentence: string };
}

/** Says of claims of a load why they have no samples. */
export function recordNoSamples(
  recorder: Pick<Recorder, "append">,
  claims: readonly Pick<Claim, "id">[],
  why: NoSamples,
): void {
  for (const { id } of claims) recorder.append({ ...why, by, claims: [id] });
}

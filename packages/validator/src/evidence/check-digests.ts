/** Which check asked: a digest of it as it is written, so that a later run shows what was changed. */
import { loadGuards } from "../load/guards/index.ts";
import type { PlanStages } from "../plan/stages.ts";
import { probes } from "../probes/table.ts";
import { stackItems } from "../stack/claims.ts";
import { edgeItems } from "../stack/edges.ts";
import { sha256 } from "./sha256.ts";

/** Functions as their text; what they call besides is of the build, which a run names too. */
export function checkDigest(check: object): string {
  const text = JSON.stringify(check, (_key, value: unknown) =>
    typeof value === "function" ? String(value) : value,
  );
  return sha256(Buffer.from(text));
}

/** The digest of every check of a plan, by the id under which it records. */
export function checkDigests({ stack }: Pick<PlanStages, "stack">): ReadonlyMap<string, string> {
  const items = stack === undefined ? [] : [...stackItems(stack, 0.95), ...edgeItems(stack, 0.95)];
  return new Map([
    ...probes.map((probe) => [`probe.${probe.id}`, checkDigest(probe)] as const),
    ...loadGuards.map((guard) => [guard.id, checkDigest(guard)] as const),
    ...items.map(({ claim, probe }) => [claim.of, checkDigest(probe)] as const),
  ]);
}

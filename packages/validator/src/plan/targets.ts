/** The targets of a plan: one, or several by name whose claims stand under that name. */
import type { Claim } from "@loadline/contract";
import type { TargetManifest } from "./manifest.ts";

/** One target as the stages ask it. */
export interface PlanTarget {
  /** Its name among several; null of a plan with one. */
  readonly key: string | null;
  readonly manifest: TargetManifest;
}

interface Targets {
  readonly target?: TargetManifest | undefined;
  readonly targets?: Readonly<Record<string, TargetManifest>> | undefined;
}

/** The targets of a plan, in its order; none of a plan that is about a stack alone. */
export function targetsOf({ target, targets }: Targets): readonly PlanTarget[] {
  if (targets !== undefined) {
    return Object.entries(targets).map(([key, manifest]) => ({ key, manifest }));
  }
  return target === undefined ? [] : [{ key: null, manifest: target }];
}

/**
 * The targets that are asked and loaded: none of a plan about a stack alone, whose one target is its
 * name.
 */
export function askedTargets(
  stages: Targets & { readonly loads: readonly string[] },
): readonly PlanTarget[] {
  return targetsOf(stages).filter(({ key }) => stages.loads.includes(underTarget(key, "chat")));
}

/** A claim's id, or a scenario's name: under the name of its target, where there are several. */
export function underTarget(key: string | null, name: string): string {
  return key === null ? name : `${key}.${name}`;
}

/** `probe.openai.chat` as `probe.eu.openai.chat`: the stage stays the first word. */
export function streamUnder(key: string | null, stream: string): string {
  return key === null ? stream : stream.replace(".", `.${key}.`);
}

/** The claim as one of its target's. */
export function claimUnder(key: string | null, claim: Claim): Claim {
  if (key === null) return claim;
  const { id, of, statement } = claim;
  return {
    ...claim,
    id: underTarget(key, id),
    of: streamUnder(key, of),
    statement: `${key}: ${statement}`,
  };
}

/** How the evidence names what a plan is about; of several targets all names and all addresses. */
export function namedTarget(targets: readonly PlanTarget[]): { name: string; baseUrl: string } {
  const urls = targets.map(({ manifest }) => manifest.url);
  const names = targets.map(({ key, manifest }) => key ?? manifest.name ?? manifest.url);
  return { name: names.join(", "), baseUrl: urls.join(" ") };
}

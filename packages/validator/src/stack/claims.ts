import type { Claim } from "@loadline/contract";
import type { TargetManifest } from "../plan/manifest.ts";
import { edgeItems } from "./edges.ts";
import type { StackManifest } from "./manifest.ts";
import type { StackProbe } from "./probe.ts";
import { stackProbes } from "./table.ts";

/** A check of one service of the manifest, with the claim it feeds. */
export interface StackItem {
  readonly name: string;
  readonly probe: StackProbe;
  readonly claim: Claim;
}

/** Every claim of a stack, in the order it is checked; declared before anything is sent. */
export function stackItems(stack: StackManifest, confidence: number): StackItem[] {
  return Object.entries(stack.services).flatMap(([name, service]) =>
    stackProbes.flatMap((probe) => {
      if (probe.kind !== service.kind) return [];
      const said = probe.claim(service);
      if (said === null) return [];
      const { parts, required, ...text } = said;
      const id = `stack.${name}.${probe.check}`;
      const claim: Claim = {
        ...text,
        statement: `${name}: ${text.statement}`,
        id,
        kind: "predicate",
        of: id,
        parts: parts ?? ["all"],
        confidence,
        required: required ?? service.required,
        checklist: probe.checklist,
      };
      return [{ name, probe, claim }];
    }),
  );
}

/** Declared folders: no check of this build writes into them, so their claims stay not tested. */
function volumeClaims(stack: StackManifest, confidence: number): Claim[] {
  return Object.entries(stack.services).flatMap(([name, { volumes, required }]) => {
    if (volumes.length === 0) return [];
    const id = `stack.${name}.volumes`;
    const claim: Claim = {
      id,
      statement: `${name}: a marker in each declared volume is there after a restart`,
      category: "Containerization",
      rationale: "A folder that is no volume is empty after the next deployment.",
      kind: "coverage",
      of: id,
      parts: ["all"],
      items: [...new Set(volumes)],
      confidence,
      required,
      checklist: ["R1-11"],
    };
    return [claim];
  });
}

/** The claims of a stack; none without one. */
export function stackClaims(stack: StackManifest | undefined, confidence: number): Claim[] {
  if (stack === undefined) return [];
  const items = [...stackItems(stack, confidence), ...edgeItems(stack, confidence)];
  return [...items.map(({ claim }) => claim), ...volumeClaims(stack, confidence)];
}

/** What a plan without a target is about: its stack, named by the first address that is HTTP. */
export function stackTarget(stack: StackManifest | undefined): TargetManifest {
  const urls = Object.values(stack?.services ?? {}).map(({ url }) => url);
  const url = urls.find((text) => /^https?:/.test(text)) ?? "http://stack.invalid";
  return { url, name: stack?.name ?? "stack", auth: "none", unknownModel: "any" };
}

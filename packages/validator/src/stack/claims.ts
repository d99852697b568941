import type { Claim } from "@loadline/contract";
import type { TargetManifest } from "../plan/manifest.ts";
import { edgeItems } from "./edges.ts";
import type { StackManifest } from "./manifest.ts";
import type { StackProbe } from "./probe.ts";
import { partProbes } from "./probes/parts.ts";
import type { StackService } from "./services/index.ts";
import { windowProbes } from "./probes/prometheus-windows.ts";
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
    [...probesOf(service.kind), ...windowProbes(service)].flatMap((probe) => {
      const said = probe.claim(service);
      if (said === null) return [];
      const { parts, required, kind, ...text } = said;
      const id = `stack.${name}.${probe.check}`;
      const claim: Claim = {
        ...text,
        statement: `${name}: ${text.statement}`,
        id,
        kind: kind ?? "predicate",
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

/** Checks of a kind: its own, and those of what every service may declare. */
const probesOf = (kind: StackProbe["kind"]): StackProbe[] => [
  ...stackProbes.filter((probe) => probe.kind === kind),
  ...partProbes.map((probe) => ({ ...probe, kind })),
];

type Said = Pick<Claim, "statement" | "category" | "rationale" | "checklist">;

/** What a service declares and no check of this build looks at. */
function unlooked(service: StackService): Readonly<Record<string, Said>> {
  const open: Record<string, Said> = {};
  const isTried = service.kind === "container" && service.restartable;
  if (service.volumes.length > 0 && !isTried) {
    open["volumes"] = {
      statement: "a marker in each declared volume is there after a restart",
      category: "Containerization",
      rationale: "A folder that is no volume is empty after the next deployment.",
      checklist: ["R1-11"],
    };
  }
  const hasVersion = probesOf(service.kind).some(({ check }) => check === "version");
  if (service.version !== undefined && !hasVersion) {
    open["version"] = {
      statement: `it is version ${service.version}`,
      category: "Deployment Automation",
      rationale: "What was tested with one version is not known of another.",
      checklist: ["R1-01"],
    };
  }
  return open;
}

/** Claims of what nobody looks at: they stay not tested, and say so. */
function openClaims(stack: StackManifest, confidence: number): Claim[] {
  return Object.entries(stack.services).flatMap(([name, service]) =>
    Object.entries(unlooked(service)).map(([check, said]): Claim => {
      const id = `stack.${name}.${check}`;
      return {
        ...said,
        statement: `${name}: ${said.statement}`,
        id,
        kind: "coverage",
        of: id,
        parts: ["all"],
        items: check === "volumes" ? [...new Set(service.volumes)] : [check],
        confidence,
        required: service.required,
      };
    }),
  );
}

/** The claims of a stack; none without one. */
export function stackClaims(stack: StackManifest | undefined, confidence: number): Claim[] {
  if (stack === undefined) return [];
  const items = [...stackItems(stack, confidence), ...edgeItems(stack, confidence)];
  return [...items.map(({ claim }) => claim), ...openClaims(stack, confidence)];
}

/** What a plan without a target is about: its stack, named by the first address that is HTTP. */
export function stackTarget(stack: StackManifest | undefined): TargetManifest {
  const urls = Object.values(stack?.services ?? {}).map(({ url }) => url);
  const url = urls.find((text) => /^https?:/.test(text)) ?? "http://stack.invalid";
  return { url, name: stack?.name ?? "stack", auth: "none", unknownModel: "any" };
}

import type { z } from "zod";
import type { StackManifest } from "../stack/manifest.ts";
import { targetLoadNames } from "../target-load/names.ts";

/** Kinds of services that have a load client. */
export const loadedKinds = ["rag", "mcp", "websocket"] as const;
/** Names that the loads of the target's chat have. */
const taken = ["chat", "stream", ...targetLoadNames];

/** Of a plan file: what decides which services are under load. */
interface Terms {
  readonly profile: "quick" | "full";
  readonly load: { readonly services?: readonly string[] | undefined };
  readonly stack?: StackManifest | undefined;
  readonly targets?: Readonly<Record<string, unknown>> | undefined;
}

const isLoaded = (stack: StackManifest | undefined, name: string): boolean =>
  loadedKinds.some((kind) => kind === stack?.services[name]?.kind);

/** Names of the services that have a load client. */
export function loadableServices(stack: StackManifest | undefined): string[] {
  return Object.keys(stack?.services ?? {}).filter((name) => isLoaded(stack, name));
}

/** Names of the services under load: those asked for; else in `full` all that have a client. */
export function loadedServices({ profile, load, stack }: Terms): string[] {
  const all = loadableServices(stack);
  if (load.services !== undefined) return all.filter((name) => load.services?.includes(name));
  return profile === "full" ? all : [];
}

interface LoadedProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Names that are no service with a load client, and those that would hide the chat's claims. */
export function loadedProblems(file: Terms): readonly LoadedProblem[] {
  const asked = (file.load.services ?? []).entries();
  const unknown = [...asked].filter(([, name]) => !isLoaded(file.stack, name));
  const names = [...taken, ...Object.keys(file.targets ?? {})];
  const hiding = loadedServices(file).filter((one) => names.includes(one));
  return [
    ...unknown.map(([index, name]) => ({
      path: ["load", "services", index],
      message: `the stack has no service ${name} of kind ${loadedKinds.join(", ")}`,
    })),
    ...hiding.map((name) => {
      const whose = taken.includes(name) ? "the chat's own load" : "the load of a target";
      const message = `${name} is taken by ${whose}; name the service otherwise`;
      return { path: ["stack", "services", name], message };
    }),
  ];
}

/** Refuses what `loadedProblems` finds. */
export function checkLoaded(file: Terms, context: z.RefinementCtx): void {
  for (const found of loadedProblems(file)) context.addIssue({ code: "custom", ...found });
}

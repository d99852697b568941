import { meant } from "@loadline/kit/nearest";
import type { z } from "zod";
import type { StackManifest } from "../stack/manifest.ts";
import { targetLoadNames } from "./names.ts";
import type { LoadedRoute } from "./schema.ts";

interface Terms {
  readonly target?: unknown;
  readonly stack?: StackManifest | undefined;
  readonly load: Readonly<
    Partial<Record<"ladder" | "soak", { readonly route?: LoadedRoute | undefined } | undefined>>
  >;
}

/** Refuses a ladder or a soak that has nowhere to go: no target of its own, no HTTP service. */
export function checkEnds({ target, stack, load }: Terms, context: z.RefinementCtx): void {
  const http = Object.entries(stack?.services ?? {}).filter(([, { kind }]) => kind === "http");
  const names = http.map(([name]) => name);
  for (const name of targetLoadNames) {
    const asked = load[name];
    if (asked === undefined) continue;
    const { route } = asked;
    if (route === undefined && target === undefined) {
      const message =
        "is of one `target`; the plan has none, or several: give `route`, of a service of the stack";
      context.addIssue({ code: "custom", path: ["load", name], message });
    } else if (route !== undefined && !names.includes(route.service)) {
      const hint = meant(route.service, names);
      const message = `the stack has no service ${route.service} of kind http.${hint}`;
      context.addIssue({ code: "custom", path: ["load", name, "route", "service"], message });
    }
  }
}

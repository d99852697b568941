/** Where a ladder or a soak is sent: the target's chat, or a route of a service of the stack. */
import type { LoadJob, LoadRequest } from "../load/index.ts";
import type { LoadManifest } from "../plan/manifest.ts";
import { chatPrompts } from "../run/load-plan.ts";
import { loginHeaders, type TrafficTerms } from "../service-load/service-claim.ts";
import type { StackManifest } from "../stack/manifest.ts";
import type { TargetLoadName } from "./names.ts";
import type { LoadedRoute } from "./schema.ts";

/** One end of a load, and what it is asked. */
export interface LoadEnd {
  readonly target: Pick<LoadJob["load"]["target"], "baseUrl" | "apiKey" | "headers">;
  /** How a claim names one request: `JSON chat`, `GET /items of api`. */
  readonly what: string;
  readonly request: LoadRequest;
}

/** JSON chat of an OpenAI-shaped server; the default model is the target's first. */
function chatEnd(
  load: LoadManifest,
  o: { readonly url: string; readonly model?: string; readonly apiKey?: string },
): LoadEnd {
  const { url, model = "", apiKey } = o;
  const { maxTokens } = load;
  return {
    target: { baseUrl: url, ...(apiKey !== undefined && { apiKey }) },
    what: "JSON chat",
    request: { kind: "chat", model, prompts: chatPrompts, maxTokens, stream: false },
  };
}

/** A route of an HTTP service; null where the stack has no such service. */
function routeEnd(
  stack: StackManifest | undefined,
  route: LoadedRoute,
  secret: TrafficTerms["secret"],
): LoadEnd | null {
  const service = stack?.services[route.service];
  if (service?.kind !== "http") return null;
  const { method, path, json } = route;
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const type = json === undefined ? {} : { headers: { "content-type": "application/json" } };
  return {
    target: { baseUrl: service.url, headers: loginHeaders(service, secret) },
    what: `${method} ${path} of ${route.service}`,
    request: { kind: "http", method, path, ...type, ...body },
  };
}

/** Of a plan: what decides where its loads are sent. */
export interface LoadEnds {
  readonly load: LoadManifest;
  readonly target?: { readonly url: string } | undefined;
  readonly stack?: StackManifest | undefined;
}

/** Where the load of that name is sent; null where the plan has neither target nor service for it. */
export function endOf(
  name: TargetLoadName,
  { load, target, stack }: LoadEnds,
  o: {
    readonly model?: string;
    readonly apiKey?: string;
    readonly secret: TrafficTerms["secret"];
  },
): LoadEnd | null {
  const route = load[name]?.route;
  if (route !== undefined) return routeEnd(stack, route, o.secret);
  return target === undefined ? null : chatEnd(load, { ...o, url: target.url });
}

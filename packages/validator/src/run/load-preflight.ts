import type { Socket } from "node:net";
import { createEgress, hostOf, parseHttpUrl } from "@loadline/kit/egress";
import { loadErrors, type LoadPlan, type LoadRequest, type Scenario } from "../load/index.ts";
import {
  createProbeClient,
  type Exchange,
  modelsRequest,
  type ProbeClient,
} from "../probes/client.ts";
import { patientClient } from "../probes/patient-client.ts";
import { firstModel, presence } from "./preflight-stage.ts";
import type { ValidationDeps } from "./types.ts";

const timeoutMs = 15_000;
const connectMs = 5_000;

/** What one request to each scenario's route told before any load. */
export interface LoadPreflight {
  /** The plan, with the target's first model where none was named. */
  readonly load: LoadPlan;
  /** Scenarios whose route the target lacks. */
  readonly missing: readonly string[];
  /** LL_LOAD_TARGET_DOWN as a line, when nothing listens. */
  readonly down: string | null;
  readonly model: string | null;
  /** A scenario names no model, and the target's rate limit kept its list: nothing else was asked. */
  readonly isModelUntold: boolean;
}

const routes: Readonly<Record<Exclude<LoadRequest["kind"], "http">, string>> = {
  chat: "/chat/completions",
  completions: "/completions",
  responses: "/responses",
  messages: "/messages",
  embeddings: "/embeddings",
};

/** Asks each scenario's route once, so that a missing one is never blamed on the target's speed. */
export async function preflightLoad(
  load: LoadPlan,
  deps: ValidationDeps,
  run: string,
): Promise<LoadPreflight> {
  const { baseUrl, insecure = false, headers = {} } = load.target;
  const url = parseHttpUrl(baseUrl);
  const egress = createEgress({ allowHosts: [hostOf(url)], insecure });
  const own = createProbeClient({
    baseUrl,
    egress,
    clock: deps.clock,
    run,
    ...(load.target.apiKey === undefined ? {} : { apiKey: load.target.apiKey }),
    timeoutMs,
    signal: deps.signal,
  });
  const client = patientClient(own, deps);
  try {
    const model = needsModel(load) ? await askModel(client, load.target) : null;
    if (model === undefined) {
      return { load, missing: [], down: null, model: null, isModelUntold: true };
    }
    const missing: string[] = [];
    let [tried, answers] = [0, 0];
    const named = model === null ? load : withModel(load, model);
    const asked = Object.entries(named.scenarios).flatMap(requestsOf);
    for (const { name, request } of asked) {
      const exchange = await askRoute(client, request, { baseUrl, headers });
      if (exchange === null) continue;
      tried++;
      if (exchange.status !== null) answers++;
      if (isMissing(request, exchange)) missing.push(name);
    }
    // The steps of a plan are sent once by the engine, which tells of missing routes alone.
    const isUp = tried > 0 ? answers > 0 : await listens(egress.connect(url), deps);
    const down = isUp ? null : downLine(baseUrl);
    return { load: named, missing, down, model, isModelUntold: false };
  } finally {
    client.close();
  }
}

/** Whether the address takes a connection at all. */
async function listens(socket: Socket, { clock }: ValidationDeps): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const late = clock.after(connectMs, () => resolve(false));
  socket.once("connect", () => resolve(true));
  // A handshake that fails after it is somebody's; before it, nobody is there.
  socket.on("error", () => resolve(false));
  const isUp = await promise;
  late.cancel();
  socket.destroy();
  return isUp;
}

function downLine(baseUrl: string): string {
  const text = `Nothing answers at ${baseUrl}; load is sent and its claims fail on evidence.`;
  return loadErrors.make("LL_LOAD_TARGET_DOWN", text).line;
}

function isMissing(request: LoadRequest, exchange: Exchange): boolean {
  const { status } = exchange;
  if (request.kind === "http" && status !== null) {
    if (request.expectStatus?.includes(status) === true) return false;
  }
  return presence(exchange) === "missing";
}

/** Below `/v1` wherever the base URL ends. */
function apiPath(baseUrl: string, path: string): string {
  const prefix = new URL(baseUrl).pathname.replace(/\/+$/, "").endsWith("/v1") ? "" : "/v1";
  return `${prefix}${path}`;
}

/** Null for a request a prober does not send: only GET and POST are safe to try. */
async function askRoute(
  client: ProbeClient,
  request: LoadRequest,
  target: { readonly baseUrl: string; readonly headers: Readonly<Record<string, string>> },
): Promise<Exchange | null> {
  // As the load sends them: a target that routes by a header has no route without it.
  const headers = { ...target.headers, ...request.headers };
  if (request.kind !== "http") {
    const path = request.path ?? apiPath(target.baseUrl, routes[request.kind]);
    return client.send({ method: "POST", path, headers, json: {} });
  }
  const { method, path, body } = request;
  if (method === "GET") return client.send({ method, path, headers });
  if (method !== "POST") return null;
  const sent = body === undefined ? {} : { body: Buffer.from(body) };
  return client.send({ method, path, headers, ...sent });
}

/** The first model of the target; undefined where its rate limit keeps the list. */
async function askModel(
  client: ProbeClient,
  { baseUrl, headers = {} }: LoadPlan["target"],
): Promise<string | undefined> {
  const path = apiPath(baseUrl, "/models");
  const exchange = await client.send({ ...modelsRequest, path, headers });
  return exchange.status === 429 ? undefined : (firstModel(exchange) ?? "default");
}

interface Asked {
  /** Of the scenario, and of the part of its mix: `routes.high/items`. */
  readonly name: string;
  readonly request: LoadRequest;
}

function requestsOf([name, scenario]: readonly [string, Scenario]): Asked[] {
  const { request, exec } = scenario;
  if (request !== undefined) return [{ name, request }];
  if (exec?.kind !== "mix") return [];
  return exec.parts.flatMap((part) =>
    part.request === undefined ? [] : [{ name: `${name}/${part.name}`, request: part.request }],
  );
}

const wantsModel = ({ request }: Pick<Scenario, "request">): boolean =>
  request !== undefined && request.kind !== "http" && request.model === "";

function partsOf(scenario: Scenario): readonly Pick<Scenario, "request">[] {
  return scenario.exec?.kind === "mix"
    ? scenario.exec.parts.map(({ request }) => ({ ...(request !== undefined && { request }) }))
    : [scenario];
}

function needsModel(load: LoadPlan): boolean {
  return Object.values(load.scenarios).some((scenario) => partsOf(scenario).some(wantsModel));
}

function withModel(load: LoadPlan, model: string): LoadPlan {
  const name = <T extends LoadRequest>(request: T): T =>
    request.kind !== "http" && request.model === "" ? { ...request, model } : request;
  const fill = (scenario: Scenario): Scenario => {
    const { request, exec } = scenario;
    if (request !== undefined) return { ...scenario, request: name(request) };
    if (exec?.kind !== "mix") return scenario;
    const parts = exec.parts.map((part) =>
      part.request === undefined ? part : { ...part, request: name(part.request) },
    );
    return { ...scenario, exec: { kind: "mix", parts } };
  };
  const entries = Object.entries(load.scenarios).map(([key, one]) => [key, fill(one)] as const);
  return { ...load, scenarios: Object.fromEntries(entries) };
}

import { createEgress, hostOf, parseHttpUrl } from "@loadline/kit/egress";
import {
  createProbeClient,
  type Exchange,
  modelsRequest,
  type ProbeClient,
} from "../probes/client.ts";
import { patientClient } from "../probes/patient-client.ts";
import { bodyJson, isRecord } from "../probes/shapes.ts";
import type { Need, TargetContract } from "../probes/probe.ts";
import type { Preflight, Stage, StageContext } from "./stage.ts";

const timeoutMs = 15_000;

/** Why nothing is sent that needs a model's name. */
export const modelUntold =
  "The plan names no `model`, and the target's rate limit kept its list of them (HTTP 429)";

/** The prober's client for this run: the plan's host and no other. */
export function openClient(context: StageContext): ProbeClient {
  const { deps, plan, run } = context;
  const client = createProbeClient({
    baseUrl: plan.target.baseUrl,
    egress: createEgress({ allowHosts: [hostOf(parseHttpUrl(plan.target.baseUrl))] }),
    clock: deps.clock,
    run,
    ...(deps.apiKey === undefined ? {} : { apiKey: deps.apiKey }),
    timeoutMs,
    signal: deps.signal,
  });
  return patientClient(client, deps);
}

/** A 404 that speaks of a model comes from the route; any other says that there is no route. */
export function presence(exchange: Exchange): TargetContract[Need] {
  if (exchange.status === null) return "unknown";
  if (![404, 405, 501].includes(exchange.status)) return "present";
  const isModel = exchange.status === 404 && /model/i.test(exchange.body.toString("utf8"));
  return isModel ? "present" : "missing";
}

/** The first model a list of models names that is no embedding model. */
export function firstModel(exchange: Exchange): string | undefined {
  const body = bodyJson(exchange);
  const data = isRecord(body) ? body["data"] : undefined;
  const ids = Array.isArray(data)
    ? data.map((model) => (isRecord(model) ? model["id"] : null))
    : [];
  const names = ids.filter((id) => typeof id === "string");
  return names.find((id) => !/embed/i.test(id)) ?? names[0];
}

/** Asks each route once, with an empty body, so that a missing route is never blamed on the target. */
export async function readContract(
  client: ProbeClient,
  o: { healthPath: string; model: string | undefined },
): Promise<Preflight> {
  const models = await client.send(modelsRequest);
  const chat = await client.send({ method: "POST", path: "/chat/completions", json: {} });
  const embeddings = await client.send({ method: "POST", path: "/embeddings", json: {} });
  const health = await client.send({ method: "GET", path: o.healthPath, fromOrigin: true });
  return {
    contract: {
      models: presence(models),
      chat: presence(chat),
      embeddings: presence(embeddings),
      health: presence(health),
    },
    model: o.model ?? firstModel(models) ?? "default",
    isModelUntold: o.model === undefined && models.status === 429,
  };
}

export const preflightStage: Stage = {
  id: "preflight",
  resume: "repeat",
  feeds: "",
  plannedMs: () => 500,
  async run(context) {
    const { target } = context.stages;
    context.progress({ state: "running", done: 0, total: 1, text: "reading the target's routes" });
    const client = openClient(context);
    try {
      context.preflight = await readContract(client, {
        healthPath: target.healthPath ?? "/healthz",
        model: target.model,
      });
    } finally {
      client.close();
    }
    const { contract, model } = context.preflight;
    context.recorder.append({ kind: "note", by: "preflight", data: { contract, model } });
  },
};

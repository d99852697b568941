import { createEgress, hostOf, parseHttpUrl } from "@loadline/kit/egress";
import {
  createProbeClient,
  type Exchange,
  modelsRequest,
  type ProbeClient,
} from "../probes/client.ts";
import { recordIdentity } from "../identity/record.ts";
import { patientClient } from "../probes/patient-client.ts";
import { bodyJson, isRecord } from "../probes/shapes.ts";
import type { Need, TargetContract } from "../probes/probe.ts";
import { sayWaits } from "./say-waits.ts";
import { askedTargets } from "../plan/targets.ts";
import { type Preflight, type Stage, type TargetContext, targetContexts } from "./stage.ts";

const timeoutMs = 15_000;

/** Why nothing is sent that needs a model's name. */
export const modelUntold =
  "The plan names no `model`, and the target's rate limit kept its list of them (HTTP 429)";

/** The prober's client of one target: its host and no other. */
export function openClient({ deps, run, apiKey, target }: TargetContext): ProbeClient {
  const { url } = target.manifest;
  const client = createProbeClient({
    baseUrl: url,
    egress: createEgress({ allowHosts: [hostOf(parseHttpUrl(url))] }),
    clock: deps.clock,
    run,
    ...(apiKey === undefined ? {} : { apiKey }),
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

/**
 * Asks each route once, with an empty body, so that a missing route is never blamed on the target;
 * all at once, so that one that never answers costs its time once.
 */
export async function readContract(
  client: ProbeClient,
  o: { healthPath: string; model: string | undefined },
): Promise<Preflight & { readonly health: Exchange }> {
  const [models, chat, embeddings, health] = await Promise.all([
    client.send(modelsRequest),
    client.send({ method: "POST", path: "/chat/completions", json: {} }),
    client.send({ method: "POST", path: "/embeddings", json: {} }),
    client.send({ method: "GET", path: o.healthPath, fromOrigin: true }),
  ]);
  return {
    contract: {
      models: presence(models),
      chat: presence(chat),
      embeddings: presence(embeddings),
      health: presence(health),
    },
    model: o.model ?? firstModel(models) ?? "default",
    isModelUntold: o.model === undefined && models.status === 429,
    health,
  };
}

export const preflightStage: Stage = {
  id: "preflight",
  resume: "repeat",
  feeds: "",
  plannedMs: (stages) => askedTargets(stages).length * plannedMsEach,
  async run(context) {
    const each = targetContexts(context);
    const failures: unknown[] = [];
    for (const [done, one] of each.entries()) {
      try {
        context.preflights.set(one.target.key, await readTarget(one, done, each.length));
      } catch (error) {
        if (context.deps.signal.aborted) throw error;
        failures.push(error);
      }
    }
    // One that cannot be asked takes nothing from those after it.
    if (failures.length > 0) throw failures[0];
  },
};

const plannedMsEach = 500;

async function readTarget(context: TargetContext, done: number, total: number): Promise<Preflight> {
  const { key, manifest } = context.target;
  const text = key === null ? "reading the target's routes" : `reading the routes of ${key}`;
  const laterMs = (total - 1 - done) * plannedMsEach;
  const say = (waitedMs: number): void => {
    const waits = waitedMs === 0 ? "" : `, ${Math.round(waitedMs / 1000)} s so far`;
    const ownMs = waitedMs === 0 ? plannedMsEach : Math.max(0, timeoutMs - waitedMs);
    const leftMs = ownMs + laterMs;
    context.progress({ state: "running", done, total, text: `${text}${waits}`, leftMs });
  };
  say(0);
  const client = openClient(context);
  const { healthPath = "/healthz", model } = manifest;
  try {
    const read = () => readContract(client, { healthPath, model });
    const { health, ...found } = await sayWaits(context.deps.clock, say, read);
    const ofWhom = key === null ? {} : { target: key };
    const data = { ...ofWhom, contract: found.contract, model: found.model };
    context.recorder.append({ kind: "note", by: "preflight", data });
    await recordIdentity(context, client, health);
    return found;
  } finally {
    client.close();
  }
}

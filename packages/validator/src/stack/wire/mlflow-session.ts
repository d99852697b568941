import { isRecord } from "@loadline/kit/json";
import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, WireFault } from "./fault.ts";
import { answerJson, curl, type HttpAnswer, type HttpAsk, httpAsk } from "./http.ts";
import { textIn } from "./shape.ts";
import { needGone, orTakeBack } from "./take-back.ts";

export type MlflowContext = StackContext<ServiceOf<"mlflow">>;

const api = "api/2.0/mlflow/";

/** A request to MLflow with the login of the manifest. @throws WireFault */
export function mlflowAsk(
  context: MlflowContext,
  o: { method: string; path: string; json?: unknown; body?: Buffer },
): Promise<HttpAnswer> {
  const { user, password } = context.service;
  const secret = context.secret(password);
  const login = Buffer.from(`${user ?? ""}:${secret ?? ""}`).toString("base64");
  const body = o.body ?? (o.json === undefined ? undefined : Buffer.from(JSON.stringify(o.json)));
  const type = o.body === undefined ? "application/json" : "application/octet-stream";
  return httpAsk(
    {
      method: o.method,
      url: urlOf(context, o.path),
      headers: {
        ...(user === undefined ? {} : { authorization: `Basic ${login}` }),
        ...(body === undefined ? {} : { "content-type": type }),
      },
      ...(body === undefined ? {} : { body }),
    },
    context,
  );
}

const urlOf = (context: MlflowContext, path: string): string =>
  `${context.service.url.replace(/\/+$/, "")}/${path}`;

/**
 * The answer of one route of the API as JSON. @throws LacksFeature for a route the server's version
 * has not, WireFault with status and body for every other refusal.
 */
export async function mlflowNeed(
  context: MlflowContext,
  route: string,
  json?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const method = json === undefined ? "GET" : "POST";
  const answer = await mlflowAsk(context, {
    method,
    path: api + route,
    ...(json === undefined ? {} : { json }),
  });
  const value = answerJson(answer);
  if (answer.status === 404 && !isRecord(value)) {
    const version = context.facts.get("version") ?? "unknown";
    throw new LacksFeature(`MLflow ${version} has no route ${api}${route.split("?")[0] ?? ""}.`);
  }
  const isError = isRecord(value) && ("error_code" in value || "error" in value);
  if (answer.status === 200 && isRecord(value) && !isError) return value;
  const raw = answer.body.toString("utf8");
  const said = context.excerpt(raw, 300);
  throw new WireFault("protocol", `${route} answered ${answer.status}: ${said}`, raw);
}

/** One member of a record that holds records; empty when it is none. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((held, key) => (isRecord(held) ? held[key] : undefined), value);
}

/** A run of this check alone, in an experiment of its own; both are deleted afterwards. */
export async function inRun<T>(
  context: MlflowContext,
  work: (run: { experiment: string; run: string; name: string }) => Promise<T>,
): Promise<T> {
  const tail = Buffer.from(context.random.bytes(4)).toString("hex");
  const name = `${context.mark}_${tail}`;
  const made = await mlflowNeed(context, "experiments/create", { name });
  const experiment = textIn(made, "experiment_id");
  const erase = (own: MlflowContext) =>
    mlflowNeed(own, "experiments/delete", { experiment_id: experiment });
  return await orTakeBack(context, { left: `experiment ${name}`, undo: erase }, async () => {
    const start = { experiment_id: experiment, start_time: context.clock.wallMs() };
    const begun = await mlflowNeed(context, "runs/create", start);
    const run = textIn(begun, "run.info.run_id");
    const result = await work({ experiment, run, name });
    await mlflowNeed(context, "runs/delete", { run_id: run });
    await erase(context);
    return result;
  });
}

/** Takes a registered model away. @throws WireFault for a refusal. */
export async function eraseModel(context: MlflowContext, name: string): Promise<void> {
  const path = `${api}registered-models/delete`;
  needGone(await mlflowAsk(context, { method: "DELETE", path, json: { name } }), path);
}

/** Takes an artifact away. @throws WireFault for a refusal. */
export async function eraseArtifact(context: MlflowContext, path: string): Promise<void> {
  needGone(await mlflowAsk(context, { method: "DELETE", path }), path);
}

/** The route of one artifact through the server. */
export const artifactPath = (experiment: string, run: string, name: string): string =>
  `api/2.0/mlflow-artifacts/artifacts/${experiment}/${run}/artifacts/${name}`;

/** A request to MLflow as curl; the password is named, never shown. */
export function mlflowCurl(context: MlflowContext, path: string, json?: unknown): string[] {
  const { user, password } = context.service;
  const login = user === undefined ? [] : ["--user", `${user}:${shownSecret(password)}`];
  const ask: HttpAsk = {
    method: json === undefined ? "GET" : "POST",
    url: urlOf(context, path),
    ...(json === undefined ? {} : { body: Buffer.from(JSON.stringify(json)) }),
    ...(json === undefined ? {} : { headers: { "content-type": "application/json" } }),
  };
  const [first = "curl", ...rest] = curl(ask);
  return [first, ...login, ...rest];
}

import { isRecord, parseJson } from "@loadline/kit/json";
import { textOf } from "../wire/shape.ts";
import { type RawCall, type RawReply, startRawWeb } from "./raw-web.ts";
import type { StartTwin } from "./twin.ts";

const api = "/api/2.0/mlflow/";
const password = "right-password-of-the-twin";

const json = (value: unknown, status = 200): RawReply => ({ status, body: JSON.stringify(value) });

interface Held {
  metric: unknown;
  isDeleted: boolean;
  readonly artifacts: Map<string, Buffer>;
  readonly models: Set<string>;
  /** The one version of a model, as it was given. */
  version: Readonly<Record<string, unknown>> | null;
}

function artifact(call: RawCall, { artifacts }: Held): RawReply {
  const key = call.url.pathname;
  if (call.method === "PUT") artifacts.set(key, call.body);
  if (call.method === "DELETE") artifacts.delete(key);
  const found = artifacts.get(key);
  if (call.method !== "GET") return json({});
  return found === undefined
    ? json({ error_code: "NOT_FOUND" }, 404)
    : { status: 200, body: found };
}

const gone = json({ error_code: "RESOURCE_DOES_NOT_EXIST" }, 404);

/** Versions in the registry; anything else is asked of the models. */
function versions(route: string, given: Readonly<Record<string, unknown>>, held: Held): RawReply {
  const name = textOf(given["name"]);
  switch (route) {
    case "model-versions/create":
      held.version = given;
      return json({ model_version: { name, version: "1" } });
    case "model-versions/get":
      return held.version === null
        ? gone
        : json({ model_version: { ...held.version, version: "1", status: "READY" } });
    case "model-versions/get-download-uri":
      return held.version === null ? gone : json({ artifact_uri: held.version["source"] });
    case "model-versions/delete":
      held.version = null;
      return json({});
    default:
      return registry(route, name, held.models);
  }
}

/** The registry of models, and 404 for every route nobody knows. */
function registry(route: string, name: string, models: Set<string>): RawReply {
  switch (route) {
    case "registered-models/create":
      models.add(name);
      return json({ registered_model: { name } });
    case "registered-models/delete":
      models.delete(name);
      return json({});
    case "registered-models/get":
      return models.has(name) ? json({ registered_model: { name } }) : gone;
    default:
      return { status: 404, body: "Not Found" };
  }
}

function answered(route: string, call: RawCall, held: Held): RawReply {
  const body = parseJson(call.body.toString("utf8"));
  const given = isRecord(body) ? body : {};
  const name = textOf(given["name"] ?? call.url.searchParams.get("name"));
  switch (route) {
    case "experiments/search":
      return json({ experiments: [] });
    case "experiments/create":
      return json({ experiment_id: "7" });
    case "runs/create":
      held.isDeleted = false;
      return json({ run: { info: { run_id: "run7" } } });
    case "runs/log-metric":
      held.metric = given["value"];
      return json({});
    case "runs/get": {
      const stage = held.isDeleted ? "deleted" : "active";
      const info = { lifecycle_stage: stage, artifact_uri: "mlflow-artifacts:/7/run7/artifacts" };
      return json({ run: { info, data: { metrics: [{ key: "loadline", value: held.metric }] } } });
    }
    case "runs/delete":
      held.isDeleted = true;
      return json({});
    case "experiments/delete":
      return json({});
    default:
      return versions(route, { ...given, name }, held);
  }
}

/** The twin of MLflow, with basic authentication. */
export const startMlflowTwin: StartTwin = async (rules) => {
  const held: Held = {
    metric: 0,
    isDeleted: false,
    artifacts: new Map(),
    models: new Set(),
    version: null,
  };
  const login = `Basic ${Buffer.from(`me:${password}`).toString("base64")}`;
  const stub = await startRawWeb({
    rules,
    mark: () => "",
    answer(call) {
      const { pathname } = call.url;
      if (pathname === "/health") return { status: 200, body: "OK" };
      if (pathname === "/version") return { status: 200, body: "3.17.2" };
      if (call.headers.authorization !== login) return json({ error: "login" }, 401);
      if (pathname.startsWith("/api/2.0/mlflow-artifacts/")) return artifact(call, held);
      return answered(pathname.slice(api.length), call, held);
    },
  });
  return {
    service: {
      kind: "mlflow",
      url: stub.url,
      user: "me",
      password: "${env:TWIN_PASSWORD}",
      registry: true,
      version: "3.17",
    },
    secrets: { TWIN_PASSWORD: password },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
};

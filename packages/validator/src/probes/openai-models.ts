import { modelsRequest } from "./client.ts";
import type { Probe } from "./probe.ts";
import { bodyJson, type Fault, isRecord, statusFault } from "./shapes.ts";

function listFault(body: unknown): Fault {
  if (!isRecord(body)) return "the body is not a JSON object";
  if (body["object"] !== "list") return '`object` is not "list"';
  const data = body["data"];
  if (!Array.isArray(data) || data.length === 0) return "`data` lists no model";
  const unnamed = data.some(
    (model) => !isRecord(model) || typeof model["id"] !== "string" || model["id"] === "",
  );
  return unnamed ? "a model has no `id`" : null;
}

export const openaiModels: Probe = {
  id: "openai.models",
  summary: "The model list names at least one model.",
  needs: ["models"],
  checklist: ["R2-57"],
  claim: () => ({
    statement: "GET /models lists at least one model by id",
    category: "Architecture & Design",
    rationale: "Clients choose a model from this list.",
    required: true,
  }),
  saboteur: [{ when: { path: "/v1/models" }, status: 200, json: { object: "list", data: [] } }],
  async run({ client }) {
    const exchange = await client.send(modelsRequest);
    const fault = statusFault(exchange, 200) ?? listFault(bodyJson(exchange));
    const seen = fault ?? "a list of models, each with an id";
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};

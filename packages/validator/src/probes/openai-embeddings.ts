import type { Probe } from "./probe.ts";
import { bodyJson, type Fault, isRecord, statusFault } from "./shapes.ts";

const inputs = ["one", "two"];

function embeddingsFault(body: unknown): Fault {
  if (!isRecord(body) || body["object"] !== "list") return '`object` is not "list"';
  const data = body["data"];
  if (!Array.isArray(data) || data.length !== inputs.length) return "not one item per input";
  const sizes = new Set<number>();
  for (const [index, item] of data.entries()) {
    if (!isRecord(item) || item["index"] !== index) return `item ${index} has another index`;
    const vector = item["embedding"];
    if (!Array.isArray(vector) || vector.length === 0) return `item ${index} has no vector`;
    if (!vector.every((x) => typeof x === "number" && Number.isFinite(x))) {
      return `item ${index} has an entry that is no number`;
    }
    sizes.add(vector.length);
  }
  return sizes.size === 1 ? null : "vectors have different lengths";
}

export const openaiEmbeddings: Probe = {
  id: "openai.embeddings",
  summary: "Embeddings come one per input, of one length.",
  needs: ["embeddings"],
  checklist: ["R2-57"],
  claim: (target) => ({
    statement: "POST /embeddings answers one finite vector of equal length per input",
    category: "Architecture & Design",
    rationale: "A search index built from misaligned vectors is silently wrong.",
    required: target.embeddingsModel !== undefined,
  }),
  saboteur: [
    {
      when: { path: "/v1/embeddings", key: "right" },
      status: 200,
      json: { object: "list", data: [{ object: "embedding", index: 0, embedding: [0.1, 0.2] }] },
    },
  ],
  async run({ client, model, target }) {
    const exchange = await client.send({
      method: "POST",
      path: "/embeddings",
      json: { model: target.embeddingsModel ?? model, input: inputs },
    });
    const fault = statusFault(exchange, 200) ?? embeddingsFault(bodyJson(exchange));
    const seen = fault ?? "one vector per input, equal lengths";
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};

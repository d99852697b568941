import { streamRequest } from "./chat-request.ts";
import { choicesOf, hasText, readStream } from "./event-stream.ts";
import type { Probe } from "./probe.ts";
import { finishChunk, roleChunk, unindexedChunk } from "./samples.ts";
import { type Fault, finishReasons, isRecord, type Json } from "./shapes.ts";

function chunkFault(chunk: Json): Fault {
  if (typeof chunk["id"] !== "string" || chunk["id"] === "") return "a chunk has no `id`";
  if (chunk["object"] !== "chat.completion.chunk") return "a chunk has another `object`";
  if (!Array.isArray(chunk["choices"])) return "a chunk has no `choices`";
  for (const choice of choicesOf(chunk)) {
    if (typeof choice["index"] !== "number") return "a choice has no `index`";
    if (!isRecord(choice["delta"])) return "a choice has no `delta`";
  }
  return null;
}

function hasContent(chunk: Json): boolean {
  return choicesOf(chunk).some((choice) => {
    const delta = choice["delta"];
    return isRecord(delta) && hasText(delta);
  });
}

/** What is wrong with the chunks of one stream; its end and its usage are other claims. */
function chunksFault(chunks: readonly Json[]): Fault {
  for (const chunk of chunks) {
    const fault = chunkFault(chunk);
    if (fault !== null) return fault;
  }
  if (new Set(chunks.map((chunk) => chunk["id"])).size > 1) return "chunks carry different ids";
  if (!chunks.some(hasContent)) return "no chunk carries content";
  const finished = chunks.some((chunk) =>
    choicesOf(chunk).some((choice) => finishReasons.includes(choice["finish_reason"])),
  );
  return finished ? null : "no chunk carries a finish_reason";
}

export const openaiStream: Probe = {
  id: "openai.stream",
  summary: "Every chunk of a stream has the shape clients read.",
  needs: ["chat"],
  checklist: ["R2-57"],
  claim: () => ({
    statement:
      "A streamed chat completion sends well-formed chunks with content and a finish_reason",
    category: "Architecture & Design",
    rationale: "Client libraries index every choice of every chunk.",
    required: true,
  }),
  saboteur: [
    {
      when: { body: "stream", usageAsked: false, key: "right" },
      status: 200,
      events: [roleChunk, unindexedChunk, finishChunk, "[DONE]"],
    },
  ],
  async run({ client, model }) {
    const exchange = await client.send(streamRequest(model, false));
    const reading = readStream(exchange);
    const fault = reading.fault ?? chunksFault(reading.chunks);
    const seen = fault ?? `${reading.chunks.length} well-formed chunks`;
    return [{ part: "all", ok: fault === null, seen, exchange }];
  },
};

import type { ServerResponse } from "node:http";
import { modelErrors } from "../error-table.ts";
import type { Fields } from "./fields.ts";
import { badField } from "./fields.ts";
import type { HostContext } from "./host-context.ts";
import { sendJson } from "./reply.ts";

const inputsMax = 256;

type Input = string | readonly number[];

/** Fields by which other APIs say what the vectors are for; each of their values is about meaning. */
const purposeFields = ["input_type", "task", "task_type"] as const;

/**
 * Answers one embeddings request; each input waits for its turn, in order. LL_MODEL_NOT_SEMANTIC when
 * the model was not made for it and shape alone was not agreed, or a purpose is named.
 */
export async function answerEmbeddings(
  context: HostContext,
  fields: Fields,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  checkPurpose(context, fields);
  const inputs = parseInputs(fields["input"]);
  const encode = encoderOf(fields["encoding_format"]);
  if (fields["dimensions"] !== undefined) {
    throw badField("dimensions", "this model has one width only");
  }
  // A sequence is borrowed for its place in the queue: embeddings may not crowd out chats.
  const place = await context.slots.take(signal);
  try {
    const data: unknown[] = [];
    let tokens = 0;
    for (const [index, input] of inputs.entries()) {
      signal.throwIfAborted();
      const made = await context.engine.embed(input);
      if (made === undefined) {
        const message = `input[${index}] does not fit into the model.`;
        throw modelErrors.make("LL_MODEL_CONTEXT", message, { param: "input" });
      }
      tokens += made.tokens;
      data.push({ object: "embedding", index, embedding: encode(made.vector) });
    }
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    sendJson(response, 200, { object: "list", data, model: context.modelName, usage });
  } finally {
    context.slots.give(place);
  }
}

function checkPurpose({ engine, areAnyEmbeddings }: HostContext, fields: Fields): void {
  if (engine.isEmbedder) return;
  const param = purposeFields.find((name) => fields[name] != null);
  if (areAnyEmbeddings && param === undefined) return;
  throw modelErrors.make("LL_MODEL_NOT_SEMANTIC", undefined, { param: param ?? "model" });
}

function encoderOf(format: unknown): (vector: readonly number[]) => unknown {
  if (format === undefined || format === null || format === "float") return (vector) => vector;
  if (format !== "base64") throw badField("encoding_format", "float or base64 is wanted");
  return (vector) => Buffer.from(Float32Array.from(vector).buffer).toString("base64");
}

function parseInputs(value: unknown): readonly Input[] {
  if (typeof value === "string") return nonEmpty([value]);
  if (!Array.isArray(value) || value.length === 0) {
    throw badField("input", "text, a list of texts, or tokens are wanted");
  }
  const items: unknown[] = value;
  if (items.every((item) => typeof item === "number")) return [items];
  if (items.length > inputsMax) throw badField("input", `at most ${inputsMax} are read`);
  return nonEmpty(items.map(parseInput));
}

function parseInput(value: unknown): Input {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    const numbers: unknown[] = value;
    if (numbers.every((item) => typeof item === "number")) return numbers;
  }
  throw badField("input", "each is a text or a list of token numbers");
}

function nonEmpty(inputs: readonly Input[]): readonly Input[] {
  if (inputs.some((input) => input.length === 0)) throw badField("input", "one is empty");
  return inputs;
}

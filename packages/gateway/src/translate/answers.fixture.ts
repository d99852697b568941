import fc from "fast-check";
import { parseJson } from "@loadline/kit/json";
import { eventJson } from "../dialects/events.ts";
import { isRecord, type JsonRecord } from "../dialects/json.ts";
import type { AnswerContext, ClientCodec, UpstreamCodec } from "./codec.ts";
import { type Answer, type Delta, type Part, type StopReason, stopReasons } from "./neutral.ts";

export const context: AnswerContext = {
  requestId: "req_1",
  createdSeconds: 1_700_000_000,
  wantsUsage: true,
};

const count = fc.nat({ max: 1_000_000 });
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const argumentText = fc
  .dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxKeys: 3 })
  .map((value) => JSON.stringify(value));

const toolCalls = fc
  .array(fc.record({ name, arguments: argumentText }), { maxLength: 3 })
  .map((calls) => calls.map((call, i): Part => ({ kind: "tool_call", id: `call_${i}`, ...call })));

/** Answers that every dialect with both sides can carry: text, then calls of tools. */
export const answers: fc.Arbitrary<Answer> = fc
  .record({
    id: fc.stringMatching(/^[a-z]{2,8}_\w{1,8}$/),
    model: name,
    text: fc.string(),
    calls: toolCalls,
    stop: fc.constantFrom<StopReason>(...stopReasons),
    usage: fc.record({ inputTokens: count, outputTokens: count }),
  })
  .map(({ id, model, text, calls, stop, usage }) => {
    const said: Part[] = text === "" ? [] : [{ kind: "text", text }];
    return { id, model, parts: [...said, ...calls], stop, usage };
  });

/** The deltas of an answer, its texts cut into pieces of `size`. */
export function deltasOf(answer: Answer, size: number): Delta[] {
  const deltas: Delta[] = [{ kind: "start", id: answer.id, model: answer.model }];
  let index = 0;
  for (const part of answer.parts) {
    if (part.kind === "text") {
      for (const text of cut(part.text, size)) deltas.push({ kind: "text", text });
    } else if (part.kind === "tool_call") {
      deltas.push({ kind: "tool", index, id: part.id, name: part.name });
      for (const text of cut(part.arguments, size)) deltas.push({ kind: "arguments", index, text });
      index++;
    }
  }
  deltas.push({ kind: "finish", stop: answer.stop });
  if (answer.usage) deltas.push({ kind: "usage", usage: answer.usage });
  return deltas;
}

function cut(text: string, size: number): string[] {
  const pieces: string[] = [];
  for (let i = 0; i < text.length; i += size) pieces.push(text.slice(i, i + size));
  return pieces;
}

/** What the deltas add up to. */
export function answerOf(deltas: readonly Delta[]): Answer {
  let head = { id: "", model: "" };
  let stop: StopReason = "stop";
  let usage: Answer["usage"];
  let text = "";
  const calls = new Map<number, { id: string; name: string; arguments: string }>();
  for (const delta of deltas) {
    if (delta.kind === "start") head = { id: delta.id, model: delta.model };
    else if (delta.kind === "text") text += delta.text;
    else if (delta.kind === "tool")
      calls.set(delta.index, { id: delta.id, name: delta.name, arguments: "" });
    else if (delta.kind === "arguments") {
      const call = calls.get(delta.index);
      if (call) call.arguments += delta.text;
    } else if (delta.kind === "finish") stop = delta.stop;
    else if (delta.kind === "usage") usage = delta.usage;
  }
  const said: Part[] = text === "" ? [] : [{ kind: "text", text }];
  const called = [...calls.values()].map((call): Part => ({ kind: "tool_call", ...call }));
  return { ...head, parts: [...said, ...called], stop, usage };
}

/** The stream that a client of this codec is sent. */
export function streamText(codec: ClientCodec, deltas: readonly Delta[]): string {
  const writer = codec.stream(context);
  return deltas.map((delta) => writer.write(delta)).join("") + writer.end();
}

/** The JSON events of a stream. */
export function eventsOf(text: string): JsonRecord[] {
  return text
    .split("\n\n")
    .map((event) => eventJson(event))
    .filter(isRecord);
}

/** What an upstream's codec reads in a stream. */
export function readStream(codec: UpstreamCodec, text: string): Delta[] {
  const read = codec.stream(context);
  return eventsOf(text).flatMap((event) => read(event));
}

/** A value as it arrives at the other side of a wire. */
export function overWire(value: unknown): JsonRecord {
  const parsed = parseJson(JSON.stringify(value));
  if (!isRecord(parsed)) throw new Error("not an object");
  return parsed;
}

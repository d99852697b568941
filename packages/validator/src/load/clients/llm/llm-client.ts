import { encodeRequest } from "@loadline/kit/http1";
import { withOwn } from "../../engine/target-base.ts";
import { pickIndex } from "../../schedule/arrivals.ts";
import type { LoadClient } from "../client.ts";
import { dialectBodyReader, JsonBodyReader } from "./body-reader.ts";
import { chatDialect } from "./chat.ts";
import { completionsDialect } from "./completions.ts";
import type { Dialect } from "./dialect.ts";
import { embeddingsBody, embeddingsPath, isEmbeddings } from "./embeddings.ts";
import { messagesDialect } from "./messages.ts";
import type { ChatMessage, LlmLoadRequest } from "./request.ts";
import { responsesDialect } from "./responses.ts";
import { type ReaderOptions, StreamReader } from "./stream-reader.ts";

/** The dialects whose answers are generated text, by the kind of their requests. */
export const dialects = {
  chat: chatDialect,
  completions: completionsDialect,
  responses: responsesDialect,
  messages: messagesDialect,
} as const satisfies Record<string, Dialect>;

export interface LlmClientOptions extends ReaderOptions {
  /** Picks the prompt of each request. */
  readonly seed: number;
}

/** Where requests go: path prefix and headers of every one. */
export interface Base {
  readonly path: string;
  readonly headers: readonly string[];
}

const firstByteMs = 60_000;
const totalMs = 600_000;

/** Requests of one dialect, streamed or not. Throws LL_HTTP1_REQUEST for what cannot be written. */
export function createLlmClient(r: LlmLoadRequest, base: Base, o: LlmClientOptions): LoadClient {
  const asks = inputsOf(r);
  const all = asks.map((messages) => encode(r, base, messages));
  const first = all[0] ?? encode(r, base, []);
  const at = (index: number): number => pickIndex(o.seed, index, all.length);
  const shared = {
    method: "POST",
    bytes: (index: number) => all[at(index)] ?? first,
    firstByteMs,
    totalMs,
  };
  if (r.kind === "embeddings") {
    const inputs = r.messages?.length ?? 1;
    const reader = (): JsonBodyReader =>
      new JsonBodyReader((body) => (isEmbeddings(body, inputs) ? "ok" : "protocol"));
    return { ...shared, reader };
  }
  const dialect = dialects[r.kind];
  if (r.stream) return { ...shared, reader: () => new StreamReader(dialect, o) };
  return { ...shared, reader: () => dialectBodyReader(dialect, o) };
}

/** What is sent as input, one list of messages per prompt. */
export function inputsOf(r: LlmLoadRequest): readonly (readonly ChatMessage[])[] {
  if (r.prompts !== undefined && r.prompts.length > 0) {
    return r.prompts.map((content) => [{ role: "user", content }]);
  }
  return [r.messages ?? []];
}

function encode(r: LlmLoadRequest, base: Base, messages: readonly ChatMessage[]): Buffer {
  const { path, headers, fields } = llmRequestParts(r, base, messages);
  const body = Buffer.from(JSON.stringify(fields));
  return encodeRequest({ method: "POST", path, headers, body });
}

/** Path, headers and body of a request, before they are written; for requests with holes in them. */
export function llmRequestParts(
  r: LlmLoadRequest,
  base: Base,
  messages: readonly ChatMessage[],
): { path: string; headers: readonly string[]; fields: Readonly<Record<string, unknown>> } {
  const embeds = r.kind === "embeddings";
  const own = embeds ? embeddingsPath : dialects[r.kind].path;
  const path = r.path ?? `${base.path.endsWith("/v1") ? "" : "/v1"}${own}`;
  const fields = embeds ? embeddingsBody(r, messages) : dialects[r.kind].body(r, messages);
  const kind = embeds ? [] : dialects[r.kind].headers;
  const ours = [...base.headers, "content-type", "application/json", ...kind];
  const headers = withOwn(ours, Object.entries(r.headers ?? {}).flat());
  return { path: `${base.path}${path}`, headers, fields: { ...fields, ...r.extra } };
}

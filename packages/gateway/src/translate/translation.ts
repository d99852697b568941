import { parseJson } from "@loadline/kit/json";
import type { BodyProblem, RequestBody } from "../body/request.ts";
import type { DialectId, Translation } from "../dialects/dialect.ts";
import { eventJson } from "../dialects/events.ts";
import { isTooDeep } from "./depth.ts";
import { isRecord, type JsonRecord, listOf, recordOf, textOf } from "../dialects/json.ts";
import { chatClient } from "./chat/client.ts";
import { chatUpstream } from "./chat/upstream.ts";
import type { AnswerContext, ClientCodec, UpstreamCodec } from "./codec.ts";
import { geminiUpstream } from "./gemini/upstream.ts";
import { messagesClient } from "./messages/client.ts";
import { messagesUpstream } from "./messages/upstream.ts";
import { type Ask, Losses } from "./neutral.ts";
import { responsesClient } from "./responses/client.ts";

export interface TranslateOptions {
  /** The model's name at the upstream. */
  readonly model: string;
  /** What becomes of a field that cannot be carried. */
  readonly unsupported: "reject" | "drop";
  /** Most output tokens the upstream may be asked for; undefined: as the client asked. */
  readonly outputBound: number | undefined;
  /** Name of the member that bounds the output, where the upstream's dialect has several. */
  readonly boundName: string;
  /** Names the answer where the upstream does not. */
  readonly requestId: string;
  /** Seconds since the epoch, for answers that carry a time. */
  readonly createdSeconds: number;
}

/** Prepares one request for an upstream of another dialect; a problem names the field. */
export type Translate = (body: RequestBody, o: TranslateOptions) => Translation | BodyProblem;

const clients: Readonly<Partial<Record<DialectId, ClientCodec>>> = {
  "openai.chat": chatClient,
  "openai.responses": responsesClient,
  "anthropic.messages": messagesClient,
};

const upstreams: Readonly<Partial<Record<DialectId, UpstreamCodec>>> = {
  "openai.chat": chatUpstream,
  "anthropic.messages": messagesUpstream,
  "gemini.generate": geminiUpstream,
};

const pairs: ReadonlySet<string> = new Set([
  "openai.chat>anthropic.messages",
  "openai.chat>gemini.generate",
  "anthropic.messages>openai.chat",
  "openai.responses>openai.chat",
]);

/** The translation of `from` clients to `to` upstreams; undefined when there is none. */
export function translationFor(from: DialectId, to: DialectId): Translate | undefined {
  const client = clients[from];
  const upstream = upstreams[to];
  if (!client || !upstream || !pairs.has(`${from}>${to}`)) return undefined;
  return (body, o) => translate({ client, upstream }, body, o);
}

function translate(
  codecs: { client: ClientCodec; upstream: UpstreamCodec },
  body: RequestBody,
  o: TranslateOptions,
): Translation | BodyProblem {
  const { client, upstream } = codecs;
  const parsed = parseJson(body.bytes.toString());
  if (!isRecord(parsed))
    return { code: "LL_BODY_INVALID_JSON", message: "The body is not valid JSON." };
  const losses = new Losses();
  const bound = o.outputBound ?? Number.POSITIVE_INFINITY;
  const asked = body.outputBound || Number.POSITIVE_INFINITY;
  const least = Math.min(bound, asked);
  const outputBound = Number.isFinite(least) ? least : 0;
  const { model, boundName } = o;
  const ask = withItsTools(client.readAsk(parsed, losses), parsed, losses);
  const request = upstream.writeAsk(ask, { model, outputBound, boundName }, losses);
  const [lost] = losses.names;
  if (lost !== undefined && o.unsupported === "reject") {
    const message = `"${lost}" cannot be carried to the target's API.`;
    return { code: "LL_TRANSLATE_UNSUPPORTED", message, param: lost };
  }
  const { requestId, createdSeconds } = o;
  const context: AnswerContext = { requestId, createdSeconds, wantsUsage: body.wantsUsage };
  return new Lane(codecs, context, Buffer.from(JSON.stringify(request)), losses.names);
}

/** Without a choice of tools that were left out: nothing could follow it. */
function withItsTools(ask: Ask, parsed: JsonRecord, losses: Losses): Ask {
  const { toolChoice: choice, tools } = ask;
  if (choice === undefined || tools.length === listOf(parsed["tools"]).length) return ask;
  const isKept =
    typeof choice === "object" ? tools.some(({ name }) => name === choice.name) : tools.length > 0;
  if (isKept) return ask;
  losses.add("tool_choice");
  return { ...ask, toolChoice: undefined };
}

class Lane implements Translation {
  readonly request: Buffer;
  readonly dropped: readonly string[];
  readonly #context: AnswerContext;
  readonly #client: ClientCodec;
  readonly #upstream: UpstreamCodec;
  readonly #read: ReturnType<UpstreamCodec["stream"]>;
  readonly #write: ReturnType<ClientCodec["stream"]>;

  constructor(
    codecs: { client: ClientCodec; upstream: UpstreamCodec },
    context: AnswerContext,
    request: Buffer,
    dropped: readonly string[],
  ) {
    this.#client = codecs.client;
    this.#upstream = codecs.upstream;
    this.#context = context;
    this.request = request;
    this.dropped = dropped;
    this.#read = codecs.upstream.stream(context);
    this.#write = codecs.client.stream(context);
  }

  whole(body: Buffer): Buffer | undefined {
    const text = body.toString();
    const parsed = isTooDeep(text) ? undefined : parseJson(text);
    const answer = isRecord(parsed) ? this.#upstream.readAnswer(parsed, this.#context) : undefined;
    return answer && json(this.#client.writeAnswer(answer, this.#context));
  }

  event(text: string): Buffer {
    const value = eventJson(text);
    let out = "";
    if (isRecord(value)) for (const delta of this.#read(value)) out += this.#write.write(delta);
    return Buffer.from(out);
  }

  end(): Buffer {
    return Buffer.from(this.#write.end());
  }

  error(body: Buffer): Buffer {
    const parsed = parseJson(body.toString());
    const error = recordOf(recordOf(Array.isArray(parsed) ? parsed[0] : parsed)["error"]);
    const code = textOf(error["code"]) || textOf(error["status"]) || textOf(error["type"]);
    const message = textOf(error["message"]) || "The upstream refused the request.";
    const shown = { message, code: code || null, param: textOf(error["param"]) || null };
    return json(this.#client.writeError(shown, this.#context));
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

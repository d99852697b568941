import { z } from "zod";
import { checkSchema } from "../scenario/checks/table.ts";
import { duration, name, pause, tags } from "./fields.ts";

const method = z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const header = z.record(
  z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, "no header name"),
  z.string(),
);
const path = z.string().startsWith("/", "starts with /");
const json = z.json();

/** A request of an `http` step. */
export const httpRequest = z
  .strictObject({
    method: method.optional().describe("default GET, with a body POST"),
    path: path.describe("below the base URL; may hold ${feed.column}"),
    headers: header.optional(),
    json: json.optional().describe("body, written as JSON"),
    body: z.string().optional().describe("body as text"),
    expect: z
      .strictObject({ status: z.array(z.int().min(100).max(599)).min(1).max(50) })
      .optional()
      .describe("accepted statuses, default 200..299; no redirect is followed"),
    timeout: duration.optional().describe("for the whole answer, whatever load.timeouts says"),
  })
  .refine((r) => r.json === undefined || r.body === undefined, "give `json` or `body`, not both");

const message = z.strictObject({ role: z.string().min(1), content: z.string() });

const asked = {
  model: z.string().min(1).optional().describe("default the target's model"),
  prompt: z.string().min(1).optional().describe("one user message; may hold ${feed.column}"),
  prompts: z.array(z.string().min(1)).min(1).max(10_000).optional().describe("one is picked"),
  messages: z.array(message).min(1).max(1000).optional(),
  path: path.optional().describe("default the dialect's own"),
  headers: header.optional(),
  extra: z.record(z.string(), json).optional().describe("further fields of the body"),
} as const;

const oneInput = (r: {
  readonly prompt?: unknown;
  readonly prompts?: unknown;
  readonly messages?: unknown;
}): boolean => [r.prompt, r.prompts, r.messages].filter((one) => one !== undefined).length === 1;
const oneInputHelp = "needs exactly one of `prompt`, `prompts` and `messages`";

const generating = z
  .strictObject({
    ...asked,
    maxTokens: z.int().min(1).max(1_000_000).default(64),
    stream: z.boolean().default(true),
  })
  .refine(oneInput, oneInputHelp);
const embedding = z.strictObject(asked).refine(oneInput, oneInputHelp);

const exactlyOne = (fields: readonly string[]) => ({
  holds: (value: object): boolean =>
    fields.filter((field) => Reflect.get(value, field) !== undefined).length === 1,
  message: `needs exactly one of ${fields.map((field) => `\`${field}\``).join(", ")}`,
});

const ways = exactlyOne(["chat", "complete", "respond", "message", "embed"]);
const llm = z
  .strictObject({
    chat: generating.optional().describe("chat completion of OpenAI's dialect"),
    complete: generating.optional().describe("legacy text completion"),
    respond: generating.optional().describe("OpenAI's Responses dialect"),
    message: generating.optional().describe("Anthropic's dialect"),
    embed: embedding.optional().describe("embeddings"),
  })
  .refine(ways.holds, ways.message);

const ragWays = exactlyOne(["ingest", "query"]);
const rag = z
  .strictObject({
    ingest: z
      .strictObject({ text: z.string() })
      .optional()
      .describe("a document, to which a canary is added; ends when a query returned it"),
    query: z
      .strictObject({ question: z.string().min(1).optional() })
      .optional()
      .describe("a question, default for a canary"),
  })
  .refine(ragWays.holds, ragWays.message);

const mcpWays = exactlyOne(["list", "tool"]);
const mcp = z
  .strictObject({
    list: z.literal(true).optional().describe("tools/list"),
    tool: z.string().min(1).optional().describe("tools/call of this tool"),
    args: z.record(z.string(), json).optional().describe("its arguments; may hold ${feed.column}"),
  })
  .refine(mcpWays.holds, mcpWays.message);

const wsWays = exactlyOne(["connect", "send", "ask", "receive", "ping", "close"]);
const freeWs = z
  .strictObject({
    path: path.describe("below the base URL; a socket stays with its user until it is closed"),
    headers: header.optional().describe("of the opening request"),
    connect: z.literal(true).optional().describe("opens it; other ways open it unmeasured"),
    send: json.optional().describe("a text, or JSON; done when it is written"),
    ask: json.optional().describe("a text, or JSON; ends with the message that answers it"),
    receive: z.literal(true).optional().describe("the next message, or one that came before"),
    ping: z.literal(true).optional().describe("ends with its pong"),
    close: z.literal(true).optional(),
    contains: z.string().min(1).optional().describe("the message waited for holds this"),
    within: duration.optional().describe("longest wait for it, default 30s"),
  })
  .refine(wsWays.holds, wsWays.message);
const ws = z.union([z.enum(["say", "call"]), freeWs]);

const kinds = ["http", "llm", "rag", "mcp", "ws", "check", "sleep", "group", "repeat"] as const;
export type StepKind = (typeof kinds)[number];

/** Outcomes a step waits for: of the request before it. */
const when = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(30)], {
    error: "an outcome, or a list of them",
  })
  .transform((value) => (typeof value === "string" ? [value] : value));

const stepKind = exactlyOne(kinds);

const fields = {
  name: name.optional().describe("series and thresholds name it; default its kind and number"),
  tags: tags
    .optional()
    .describe(
      "of its requests, for thresholds: `response_time{name:value}`; before those of the scenario",
    ),
  when: when.optional().describe("only after such an outcome: ok, bad, status_429, ..."),
  http: z.union([path, httpRequest]).optional().describe("one request; a path means GET"),
  llm: llm.optional(),
  rag: rag.optional(),
  mcp: mcp.optional(),
  ws: ws
    .optional()
    .describe("say: a message to the room; call: a round trip; or a socket of your own"),
  check: z
    .union([checkSchema, z.array(checkSchema).min(1).max(50)])
    .optional()
    .describe("of the answer of the request before it"),
  sleep: pause.optional().describe("a pause such as 2s or 1s..3s; not measured"),
} as const;

type PlainStep = z.output<z.ZodObject<typeof fields>>;

/** A parsed step: exactly one of its kinds is there. */
export interface Step extends PlainStep {
  readonly group?: { readonly name: string; readonly steps: readonly Step[] } | undefined;
  readonly repeat?: { readonly times: number; readonly steps: readonly Step[] } | undefined;
}

/** One step of a scenario. */
export const stepSchema: z.ZodType<Step> = z
  .strictObject({
    ...fields,
    group: z
      .strictObject({
        name,
        steps: z
          .array(z.lazy(() => stepSchema))
          .min(1)
          .max(200),
      })
      .optional()
      .describe("steps under one name"),
    repeat: z
      .strictObject({
        times: z.int().min(1).max(100_000),
        steps: z
          .array(z.lazy(() => stepSchema))
          .min(1)
          .max(200),
      })
      .optional()
      .describe("steps again and again"),
  })
  .refine(stepKind.holds, stepKind.message);

export type HttpStep = z.output<typeof httpRequest>;
export type WsStep = z.output<typeof freeWs>;
export type LlmStep = z.output<typeof llm>;

/** The one kind of a parsed step. */
export function kindOf(step: Step): StepKind {
  return kinds.find((kind) => step[kind] !== undefined) ?? "sleep";
}

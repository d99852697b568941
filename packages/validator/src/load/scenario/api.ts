import type { Random } from "@loadline/kit/random";
import type { LoadOutcome } from "../engine/flight.ts";
import type { LoadBlockInput } from "../plan/load-schema.ts";
import type { FeedRow } from "./feed/table.ts";

/** Times of one request in ms; NaN where it never came so far. */
export interface Timings {
  /** From the moment it was intended to the end of the answer: the headline. */
  readonly responseMs: number;
  /** From sending to the end of the answer. */
  readonly serviceMs: number;
  /** From the moment it was intended to sending. */
  readonly waitMs: number;
  /** From sending to the first byte. */
  readonly firstByteMs: number;
  /** From sending to the first content event of a stream. */
  readonly ttftMs: number;
}

/** How a request ended. Calls never throw for a target's fault: they return this. */
export interface Reply {
  readonly outcome: LoadOutcome;
  /** `outcome` is `ok`. */
  readonly ok: boolean;
  /** 0 without an answer. */
  readonly status: number;
  readonly timings: Timings;
  /** Of the body, kept or not. */
  readonly bodyBytes: number;
  /** Output tokens by the server's usage, -1 unknown. */
  readonly tokens: number;
  /** A header by its lower-case name, "" when absent. */
  header(name: string): string;
  /** The kept body, at most 1 MiB of it. */
  text(): string;
  /** The kept body as JSON, undefined when it is none. */
  json(): unknown;
}

/** Named questions to a reply; one that throws does not hold. */
export type Checks<R extends Reply = Reply> = Readonly<Record<string, (reply: R) => boolean>>;

/** Terms any request may have. */
export interface RequestTerms {
  /** Declared in the scenario's `requests`; series and thresholds name it. */
  readonly name?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Keep the body, default true; false counts and discards it. */
  readonly keep?: boolean;
  /** Checks that make the request bad (outcome `check`) when they do not hold; counted by name. */
  readonly require?: Checks;
}

/** Terms of a plain request; at most one of `json` and `body`. */
export interface HttpTerms extends RequestTerms {
  readonly json?: unknown;
  readonly body?: string;
  /** Accepted statuses, default 200..299. */
  readonly status?: readonly number[];
}

/** Requests below the target's base URL. */
export interface VuHttp {
  get(path: string, terms?: HttpTerms): Promise<Reply>;
  post(path: string, terms?: HttpTerms): Promise<Reply>;
  put(path: string, terms?: HttpTerms): Promise<Reply>;
  patch(path: string, terms?: HttpTerms): Promise<Reply>;
  del(path: string, terms?: HttpTerms): Promise<Reply>;
  request(method: string, path: string, terms?: HttpTerms): Promise<Reply>;
}

/** What a model is asked; exactly one of `prompt` and `messages`. */
export interface LlmTerms extends RequestTerms {
  /** Default the target's model. */
  readonly model?: string;
  readonly prompt?: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  /** Default 64. */
  readonly maxTokens?: number;
  /** Default true. */
  readonly stream?: boolean;
  /** Default the dialect's own. */
  readonly path?: string;
  /** Further fields of the body. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A model's answer. Bodies of streams are kept only with `keep: true`. */
export interface LlmReply extends Reply {
  /** The generated text of a good answer, all choices in the order they came, at most 1 MiB. */
  content(): string;
}

/** Models, in five dialects. */
export interface VuLlm {
  /** Chat completion of OpenAI's dialect. */
  chat(terms: LlmTerms): Promise<LlmReply>;
  /** Legacy text completion. */
  complete(terms: LlmTerms): Promise<LlmReply>;
  /** OpenAI's Responses dialect. */
  respond(terms: LlmTerms): Promise<LlmReply>;
  /** Anthropic's dialect. */
  message(terms: LlmTerms): Promise<LlmReply>;
  embed(terms: Omit<LlmTerms, "maxTokens" | "stream">): Promise<LlmReply>;
}

/** What a query of the document store found. */
export interface RagReply extends Reply {
  /** Null: it asked for no canary of its own tenant. */
  readonly hit: boolean | null;
  /** Words of other tenants in the answer. */
  readonly foreign: number;
}

type Named = Pick<RequestTerms, "name">;

/** The document store that `target.rag` describes. */
export interface VuRag {
  /** Stores a text with a canary; resolves once a query returned it, or it was looked for in vain. */
  ingest(text: string, terms?: Named): Promise<Reply>;
  /** Without a question it asks for a canary. */
  query(question?: string, terms?: Named): Promise<RagReply>;
}

/** What an MCP server said; `result` is the reply's JSON. */
export interface McpReply extends Reply {
  readonly kind: "ok" | "tool_error" | "protocol_error" | "input_required" | "transport";
  /** Code of a protocol error, else null. */
  readonly code: number | null;
}

/** The MCP server that `target.mcp` describes. */
export interface VuMcp {
  list(terms?: Named): Promise<McpReply>;
  call(tool: string, args?: Readonly<Record<string, unknown>>, terms?: Named): Promise<McpReply>;
}

/** A socket in a room. */
export interface WsMember {
  readonly ok: boolean;
  readonly outcome: LoadOutcome;
  /** Says something to the room; resolves with the acknowledgement. */
  say(terms?: Named): Promise<Reply>;
  /** A round trip. */
  call(terms?: Named): Promise<Reply>;
}

/** Terms of opening a free socket. */
export interface WsTerms extends Named {
  /** Of the opening request, after those of the target. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Which message is waited for. */
export interface WsWanted extends Named {
  /** The first that holds, default any; one that throws does not hold. */
  readonly match?: (text: string) => boolean;
  /** Longest wait in ms, default 30,000; later is outcome `timeout_first_byte`. */
  readonly withinMs?: number;
}

/** A free socket: any server, any text. What is not a string is sent as JSON. */
export interface WsLink {
  readonly ok: boolean;
  readonly outcome: LoadOutcome;
  /** Resolves as soon as it is written. */
  send(message: unknown, terms?: Named): Promise<Reply>;
  /** Sends, and waits for the message that answers it: a round trip, `ws_rtt`. */
  ask(message: unknown, terms?: WsWanted): Promise<Reply>;
  /** The next message, or one that came before; its text is the reply's. */
  receive(terms?: WsWanted): Promise<Reply>;
  /** Pings; resolves with the pong, `ws_ping`. */
  ping(terms?: Omit<WsWanted, "match">): Promise<Reply>;
  /** Says goodbye. */
  close(terms?: Named): Promise<Reply>;
}

/** WebSockets of the target. */
export interface VuWs {
  /** Opens a socket to a path below the base URL; it stays with this user until it is closed. */
  connect(path: string, terms?: WsTerms): Promise<WsLink>;
  /** Brings this user into its room of `target.rooms`; its socket stays for later iterations. */
  connect(terms?: Named): Promise<WsMember>;
}

/** A virtual user, given to a scenario's function for each iteration. */
export interface Vu {
  readonly http: VuHttp;
  readonly llm: VuLlm;
  readonly rag: VuRag;
  readonly mcp: VuMcp;
  readonly ws: VuWs;
  /** Counts each check by its name; true when all hold. */
  check<R extends Reply>(reply: R, checks: Checks<R>): boolean;
  /** Runs a part; its requests without a name of their own are counted under the group's. */
  group<T>(name: string, run: () => Promise<T>): Promise<T>;
  /** A pause such as "2s", or one drawn from "1s..3s". Not measured. */
  sleep(time: string): Promise<void>;
  /** The row of this iteration's arrival; empty without a feeder. */
  readonly feed: FeedRow;
  /** Values of the plan's own metrics. */
  readonly metrics: { add(name: string, value: number): void };
  /** Virtual user, counted over all workers, 0-based. */
  readonly id: number;
  /** Arrival or iteration, counted over all workers, 0-based. */
  readonly iteration: number;
  /** Session of a `sessions` scenario, else the virtual user. */
  readonly session: number;
  /** Kept from turn to turn of a session, else from iteration to iteration of the user. */
  readonly state: Record<string, unknown>;
  /** Turn within the session, 0-based. */
  readonly turn: number;
  /** Seeded by the iteration: the same whoever runs it. */
  readonly random: Random;
  readonly tags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** What `setup` returned, as JSON. */
  readonly setup: unknown;
  /** Aborts when the run ends. */
  readonly signal: AbortSignal;
}

/** What an iteration does. An exception ends it with outcome `script`. */
export type VuFunction = (vu: Vu) => Promise<void> | void;

type Scenarios = LoadBlockInput["scenarios"];

/** A scenario of a TypeScript plan: as in YAML, `exec` may be the function itself. */
type WithFunction<S> = S extends unknown ? Omit<S, "exec"> & { exec?: string | VuFunction } : never;

/** A plan written in TypeScript: the `load:` block, with functions where a module is named. */
export interface LoadDefinition extends Omit<LoadBlockInput, "scenarios" | "setup" | "teardown"> {
  readonly scenarios: Readonly<Record<string, WithFunction<Scenarios[string]>>>;
  /** Runs once before load; what it returns, as JSON, goes to every virtual user. Not measured. */
  readonly setup?: string | ((vu: Vu) => unknown);
  /** Always runs at the end, with what `setup` returned. Not measured. */
  readonly teardown?: string | ((vu: Vu) => unknown);
}

/**
 * A plan in TypeScript; export it as `load`. Each worker imports the module itself, so it does
 * nothing at import but define.
 *
 * ```ts
 * export const load = defineLoad({
 *   target: { baseUrl: "http://127.0.0.1:8080" },
 *   scenarios: {
 *     home: { executor: "constant-vus", vus: 5, duration: "10s", exec: async (vu) => {
 *       const reply = await vu.http.get("/");
 *       vu.check(reply, { "has a body": (r) => r.bodyBytes > 0 });
 *     } },
 *   },
 * });
 * ```
 */
export function defineLoad(definition: LoadDefinition): LoadDefinition {
  return definition;
}

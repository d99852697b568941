import { isRecord, type JsonRecord, parseJson } from "@loadline/kit/json";
import type { StackContext } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, WireFault } from "./fault.ts";
import { textIn, valueIn } from "./shape.ts";
import { askWeb, lacksRoute, type WebAnswer } from "./web.ts";

export type McpContext = StackContext<ServiceOf<"mcp">>;
export type McpVersion = NonNullable<ServiceOf<"mcp">["protocols"]>[number];

const client = { name: "loadline", version: "1" };
const requestId = 1;
const prefix = "io.modelcontextprotocol";

/** A conversation with a server in one version of the protocol. */
export interface McpSession {
  readonly version: McpVersion;
  /** As the server wrote it; empty where it keeps none. */
  readonly id: string;
  readonly opened: WebAnswer | null;
}

/** A reply with its JSON-RPC message, whichever of the two forms it came in. */
export interface McpReply {
  readonly answer: WebAnswer;
  readonly message: unknown;
}

/** The JSON of a body that is JSON, or of the first whole event that carries a reply. */
function messageOf(answer: WebAnswer): unknown {
  if (!(answer.headers["content-type"] ?? "").startsWith("text/event-stream")) return answer.json;
  for (const event of answer.text.split(/\r?\n\r?\n/)) {
    const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
    const data = lines.map((line) => line.slice(5).trimStart()).join("\n");
    if (!/"(result|error)"/.test(data)) continue;
    const message = parseJson(data);
    if (message !== undefined) return message;
  }
  return undefined;
}

const isWhole = (text: string): boolean => /data:.*"(result|error)".*\n\r?\n/.test(text);

/** One message as its version words it; a notification without `id`. @throws WireFault */
export async function tell(
  context: McpContext,
  session: Pick<McpSession, "version" | "id">,
  method: string,
  params: JsonRecord = {},
): Promise<McpReply> {
  const isPlain = session.version === "2026-07-28";
  const headers = ["accept", "application/json, text/event-stream"];
  if (method !== "initialize") headers.push("mcp-protocol-version", session.version);
  if (session.id !== "") headers.push("mcp-session-id", session.id);
  if (isPlain) {
    headers.push("mcp-method", method);
    if (typeof params["name"] === "string") headers.push("mcp-name", params["name"]);
  }
  const meta = {
    [`${prefix}/protocolVersion`]: session.version,
    [`${prefix}/clientInfo`]: client,
    [`${prefix}/clientCapabilities`]: {},
  };
  const json = {
    jsonrpc: "2.0",
    method,
    ...(method.startsWith("notifications/") ? {} : { id: requestId }),
    params: isPlain ? { ...params, _meta: meta } : params,
  };
  const isEnough = isWhole;
  const answer = await askWeb(context, { method: "POST", path: "", headers, json, isEnough });
  return { answer, message: messageOf(answer) };
}

/** Without a declared version the one that is tried is our question, and no promise of the server. */
const isUndeclared = ({ service }: McpContext): boolean => service.protocols === undefined;

/** A 404 that speaks no JSON-RPC comes from no MCP server. @throws LacksFeature */
function needRoute(context: McpContext, { answer, message }: McpReply): void {
  if (!lacksRoute(answer) || textIn(message, "jsonrpc") === "2.0") return;
  const { pathname } = new URL(context.service.url);
  throw new LacksFeature(`POST ${pathname} answered ${answer.status}: no such route.`);
}

/** The first answer of a conversation. @throws LacksFeature without such a route, WireFault. */
export async function firstAnswer(context: McpContext, session: McpSession): Promise<WebAnswer> {
  if (session.opened !== null) return session.opened;
  const reply = await tell(context, session, "tools/list");
  needRoute(context, reply);
  resultOf("tools/list", reply);
  return reply.answer;
}

/**
 * Opens a conversation: `initialize` and its notification, or nothing where the version has none.
 * @throws LacksFeature where there is no such route, WireFault for another refusal.
 */
export async function openMcp(context: McpContext, version: McpVersion): Promise<McpSession> {
  if (version === "2026-07-28") return { version, id: "", opened: null };
  const params = { protocolVersion: version, capabilities: {}, clientInfo: client };
  const opened = await tell(context, { version, id: "" }, "initialize", params);
  needRoute(context, opened);
  const { answer, message } = opened;
  const agreed = textIn(message, "result.protocolVersion");
  if (/^\d{4}-\d{2}-\d{2}$/.test(agreed) && agreed !== version && isUndeclared(context)) {
    throw new LacksFeature(`It speaks ${agreed} and not ${version}; no version was declared.`);
  }
  if (agreed !== version) {
    const error = textIn(message, "error.message");
    const said = agreed === "" ? `${answer.status} ${error}`.trim() : `version ${agreed}`;
    throw new WireFault("protocol", `initialize answered ${said}`, answer.text);
  }
  const id = answer.headers["mcp-session-id"] ?? "";
  const session = { version, id, opened: answer };
  const noted = await tell(context, session, "notifications/initialized");
  if (noted.answer.status !== 202) {
    const seen = `notifications/initialized answered ${noted.answer.status}, not 202`;
    throw new WireFault("protocol", seen, noted.answer.text);
  }
  return session;
}

/** The result of a request. @throws WireFault for an error or for what is no reply. */
export async function needResult(
  context: McpContext,
  session: McpSession,
  method: string,
  params: JsonRecord = {},
): Promise<{ readonly result: JsonRecord; readonly answer: WebAnswer }> {
  const reply = await tell(context, session, method, params);
  return { result: resultOf(method, reply), answer: reply.answer };
}

/** The result in a reply to our own request. @throws WireFault for another one, or an error. */
function resultOf(method: string, { answer, message }: McpReply): JsonRecord {
  const result = valueIn(message, "result");
  const isOurs = valueIn(message, "id") === requestId;
  if (isRecord(result) && isOurs) return result;
  const said = isRecord(result)
    ? "the result of another request"
    : textIn(message, "error.message");
  const seen = `${method} answered ${answer.status} ${said}`.trim();
  throw new WireFault("protocol", seen, answer.text);
}

/** Ends a conversation the server keeps; the answer, null where there is nothing to end. */
export async function closeMcp(
  context: McpContext,
  session: McpSession,
): Promise<WebAnswer | null> {
  if (session.id === "") return null;
  const headers = ["mcp-session-id", session.id, "mcp-protocol-version", session.version];
  return await askWeb(context, { method: "DELETE", path: "", headers });
}

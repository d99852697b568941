import { isRecord } from "@loadline/kit/json";
import type { StackRule } from "../probe.ts";
import { textIn, valueIn } from "../wire/shape.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub, type WebCall, type WebReply, type WebRoute } from "./web.ts";

const token = "token-of-the-mcp-twin-1234";

const reply = (extra: object, headers: Readonly<Record<string, string>> = {}): WebReply => ({
  ...jsonReply({ jsonrpc: "2.0", id: 1, ...extra }),
  headers,
});

/** What `echo` says, as an event, the other form a reply may have. */
function echoed(message: unknown, more: object): WebReply {
  if (textIn(message, "params.name") !== "echo") {
    return reply({ error: { code: -32_602, message: "no such tool" } });
  }
  const text = JSON.stringify(valueIn(message, "params.arguments"));
  const result = { ...more, content: [{ type: "text", text }], isError: false };
  const event = JSON.stringify({ jsonrpc: "2.0", id: 1, result });
  const headers = { "content-type": "text/event-stream" };
  return { reply: `event: message\ndata: ${event}\n\n`, headers };
}

/** The methods of both versions; `more` is what a result of that version has besides. */
function called(message: unknown, more: object): WebReply {
  switch (textIn(message, "method")) {
    case "tools/list": {
      const tools = [{ name: "echo", inputSchema: { type: "object" } }];
      return reply({ result: { ...more, tools } });
    }
    case "ping":
      return reply({ result: more });
    case "tools/call":
      return echoed(message, more);
    default:
      return reply({ error: { code: -32_601, message: "no such method" } });
  }
}

/** A request of the version without sessions. */
function answeredAlone({ headers }: WebCall, message: unknown): WebReply {
  const isSame = headers["mcp-method"] === textIn(message, "method");
  const hasMeta = isRecord(valueIn(message, "params._meta"));
  if (!isSame || !hasMeta) return reply({ error: { code: -32_600, message: "differs" } });
  return called(message, { resultType: "complete" });
}

interface Sessions {
  readonly ids: Set<string>;
  next: number;
}

/** A request of the version with sessions. */
function answeredInSession({ headers }: WebCall, message: unknown, sessions: Sessions): WebReply {
  const method = textIn(message, "method");
  if (method === "initialize") {
    const id = `s-${sessions.next++}`;
    sessions.ids.add(id);
    const result = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: {} };
    return reply({ result }, { "mcp-session-id": id });
  }
  if (!sessions.ids.has(String(headers["mcp-session-id"]))) return { status: 404, reply: "" };
  if (method.startsWith("notifications/")) return { status: 202, reply: "" };
  return called(message, {});
}

function ended({ headers }: WebCall, sessions: Sessions): WebReply {
  const there = sessions.ids.delete(String(headers["mcp-session-id"]));
  return { status: there ? 204 : 404, reply: "" };
}

function answered(call: WebCall, sessions: Sessions): WebReply {
  const message: unknown = JSON.parse(call.text);
  const isAlone = call.headers["mcp-protocol-version"] === "2026-07-28";
  return isAlone ? answeredAlone(call, message) : answeredInSession(call, message, sessions);
}

const guard = ({ headers }: WebCall): WebReply | null =>
  headers.authorization === `Bearer ${token}` ? null : { status: 401, reply: "" };

/** An MCP server of both versions with the tool `echo`, one session at a time and one token. */
export async function startMcpTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const sessions: Sessions = { ids: new Set(), next: 0 };
  const routes: readonly WebRoute[] = [
    { when: "DELETE /", answer: (call) => ended(call, sessions) },
    { when: "POST /", answer: (call) => answered(call, sessions) },
  ];
  const stub = await startWebStub(rules, routes, { guard });
  const service = {
    kind: "mcp",
    url: stub.url,
    token: "${env:MCP_TOKEN}",
    protocols: ["2025-11-25", "2026-07-28"],
    tools: ["echo"],
    call: { tool: "echo", arguments: { text: "$MARK" }, expect: "$MARK" },
  };
  return {
    service,
    secrets: { MCP_TOKEN: token },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}

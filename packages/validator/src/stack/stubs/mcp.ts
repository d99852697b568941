import { isRecord } from "@loadline/kit/json";
import type { StackRule } from "../probe.ts";
import { textIn, valueIn } from "../wire/shape.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub, type WebCall, type WebReply } from "./web.ts";

const token = "token-of-the-mcp-twin-1234";

/** An MCP server of both versions with the tool `echo`, one session at a time and one token. */
export async function startMcpTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const sessions = new Set<string>();
  let next = 0;
  const reply = (extra: object, headers: Readonly<Record<string, string>> = {}): WebReply => ({
    ...jsonReply({ jsonrpc: "2.0", id: 1, ...extra }),
    headers,
  });
  const call = (message: unknown, more: object): WebReply => {
    if (textIn(message, "method") === "tools/list") {
      const tools = [{ name: "echo", inputSchema: { type: "object" } }];
      return reply({ result: { ...more, tools } });
    }
    if (textIn(message, "method") === "ping") return reply({ result: more });
    if (textIn(message, "method") !== "tools/call") {
      return reply({ error: { code: -32_601, message: "no such method" } });
    }
    if (textIn(message, "params.name") !== "echo") {
      return reply({ error: { code: -32_602, message: "no such tool" } });
    }
    const text = JSON.stringify(valueIn(message, "params.arguments"));
    const body = { ...more, content: [{ type: "text", text }], isError: false };
    // As an event, the other form a reply may have.
    const event = JSON.stringify({ jsonrpc: "2.0", id: 1, result: body });
    const headers = { "content-type": "text/event-stream" };
    return { reply: `event: message\ndata: ${event}\n\n`, headers };
  };
  const answer = ({ headers, text }: WebCall): WebReply => {
    const message: unknown = JSON.parse(text);
    const method = textIn(message, "method");
    if (headers["mcp-protocol-version"] === "2026-07-28") {
      const isSame = headers["mcp-method"] === method;
      const hasMeta = isRecord(valueIn(message, "params._meta"));
      if (!isSame || !hasMeta) return reply({ error: { code: -32_600, message: "differs" } });
      return call(message, { resultType: "complete" });
    }
    if (method === "initialize") {
      const id = `s-${next++}`;
      sessions.add(id);
      const result = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: {} };
      return reply({ result }, { "mcp-session-id": id });
    }
    if (!sessions.has(String(headers["mcp-session-id"]))) return { status: 404, reply: "" };
    if (method.startsWith("notifications/")) return { status: 202, reply: "" };
    return call(message, {});
  };
  const stub = await startWebStub(
    rules,
    [
      {
        when: "DELETE /",
        answer: ({ headers }) => {
          const there = sessions.delete(String(headers["mcp-session-id"]));
          return { status: there ? 204 : 404, reply: "" };
        },
      },
      { when: "POST /", answer },
    ],
    {
      guard: ({ headers }) =>
        headers.authorization === `Bearer ${token}` ? null : { status: 401, reply: "" },
    },
  );
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

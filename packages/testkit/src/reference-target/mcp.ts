import type { Exchange } from "./exchange.ts";
import { bodyOf } from "./rag.ts";

type Data = Readonly<Record<string, unknown>>;

const handshakeVersion = "2025-11-25";
const plainVersion = "2026-07-28";
const sessionsMax = 100_000;
const tools = ["echo", "search"].map((name) => ({
  name,
  description: name,
  inputSchema: { type: "object" },
}));

const isData = (value: unknown): value is Data =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const nameOf = ({ params }: Data): unknown => (isData(params) ? params["name"] : undefined);

/**
 * MCP over streamable HTTP: 2025-11-25 with `initialize` and sessions, 2026-07-28 without either,
 * picked by the header `mcp-protocol-version`.
 */
export class McpServer {
  /** Requests that each session has had. */
  readonly #sessions = new Map<string, number>();
  #next = 0;

  answer(exchange: Exchange): void {
    const { method, headers } = exchange.request;
    if (method === "DELETE") {
      const there = this.#sessions.delete(headers.get("mcp-session-id") ?? "");
      exchange.answer(there ? 200 : 404, "");
      return;
    }
    if (method !== "POST") {
      exchange.answer(405, "", { allow: "POST, DELETE" });
      return;
    }
    const message = bodyOf(exchange);
    const { options } = exchange.state;
    exchange.after((options.delayMs ?? 0) * exchange.slower, () => {
      if (headers.get("mcp-protocol-version") === plainVersion) this.#plain(exchange, message);
      else this.#withSession(exchange, message);
    });
  }

  #withSession(exchange: Exchange, message: Data): void {
    if (message["method"] === "initialize") {
      this.#initialize(exchange, message);
      return;
    }
    const id = exchange.request.headers.get("mcp-session-id") ?? "";
    const uses = this.#sessions.get(id);
    const max = exchange.state.options.mcp?.sessionAfter;
    if (uses === undefined || (max !== undefined && uses >= max)) {
      if (this.#sessions.delete(id)) exchange.state.ledger.count("mcp_sessions_lost");
      exchange.json(404, { error: { message: "no such session" } });
      return;
    }
    this.#sessions.set(id, uses + 1);
    if (message["id"] === undefined) exchange.answer(202, "");
    else this.#call(exchange, message, {});
  }

  #initialize(exchange: Exchange, message: Data): void {
    if (this.#sessions.size >= sessionsMax) {
      exchange.json(503, { error: { message: "too many sessions" } });
      return;
    }
    const session = `session-${this.#next++}`;
    this.#sessions.set(session, 0);
    exchange.state.ledger.count("mcp_initialize");
    const result = {
      protocolVersion: handshakeVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "reference-target", version: "1" },
    };
    this.#reply(exchange, { id: message["id"], result }, { "mcp-session-id": session });
  }

  /** 2026-07-28: the headers must repeat what the body says. */
  #plain(exchange: Exchange, message: Data): void {
    const { headers } = exchange.request;
    const params = isData(message["params"]) ? message["params"] : {};
    const name = params["name"];
    const named = name === undefined || headers.get("mcp-name") === name;
    if (headers.get("mcp-method") !== message["method"] || !named || !isData(params["_meta"])) {
      exchange.state.ledger.count("mcp_header_mismatch");
      const error = { code: -32600, message: "headers and body differ" };
      exchange.json(400, { jsonrpc: "2.0", id: message["id"] ?? null, error });
      return;
    }
    this.#call(exchange, message, { resultType: "complete" });
  }

  #call(exchange: Exchange, message: Data, extra: Data): void {
    const id = message["id"];
    const { ledger, options } = exchange.state;
    if (message["method"] === "tools/list") {
      ledger.count("mcp_list");
      this.#reply(exchange, { id, result: { ...extra, tools } });
    } else if (message["method"] !== "tools/call") {
      this.#reply(exchange, { id, error: { code: -32601, message: "no such method" } });
    } else if (!tools.some(({ name }) => name === nameOf(message))) {
      this.#reply(exchange, { id, error: { code: -32602, message: "no such tool" } });
    } else if (exchange.drawn(options.mcp?.protocolErrors)) {
      ledger.count("mcp_protocol_errors");
      this.#reply(exchange, { id, error: { code: -32603, message: "planned" } });
    } else if (exchange.drawn(options.mcp?.toolErrors)) {
      ledger.count("mcp_tool_errors");
      const content = [{ type: "text", text: "planned" }];
      this.#reply(exchange, { id, result: { ...extra, content, isError: true } });
    } else if ("resultType" in extra && exchange.drawn(options.mcp?.inputRequired)) {
      ledger.count("mcp_input_required");
      this.#reply(exchange, { id, result: { resultType: "input_required", inputRequests: {} } });
    } else {
      ledger.count("mcp_calls");
      const content = [{ type: "text", text: JSON.stringify(message["params"] ?? {}) }];
      this.#reply(exchange, { id, result: { ...extra, content, isError: false } });
    }
  }

  #reply(exchange: Exchange, message: Data, headers: Readonly<Record<string, string>> = {}): void {
    const body = { jsonrpc: "2.0", ...message };
    if (exchange.state.options.mcp?.sse !== true) {
      exchange.json(200, body, headers);
      return;
    }
    exchange.startChunks(200, { "content-type": "text/event-stream", ...headers });
    exchange.chunk(`event: message\ndata: ${JSON.stringify(body)}\n\n`);
    exchange.lastChunk(200);
  }
}

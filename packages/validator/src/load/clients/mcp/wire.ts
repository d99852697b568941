import { encodeRequest, type Http1Request } from "@loadline/kit/http1";
import type { JsonRecord } from "@loadline/kit/json";
import { withOwn } from "../../engine/target-base.ts";
import type { Base } from "../llm/llm-client.ts";
import type { McpOptions, McpVersion } from "./options.ts";

const client = { name: "loadline", version: "1" };
const prefix = "io.modelcontextprotocol";

/** One JSON-RPC message to be sent. */
export interface McpMessage {
  /** Null: a notification, which has no reply. */
  readonly id: number | null;
  readonly method: string;
  readonly params: JsonRecord;
  /** Null before `initialize` was answered, and in versions without sessions. */
  readonly session: Session | null;
}

/** What `initialize` agreed upon. */
export interface Session {
  /** Null: the server gave none. */
  readonly id: string | null;
  /** The server's, which may be an older one. */
  readonly version: string;
}

const ownOf = ({ headers = {} }: Pick<McpOptions, "headers">): readonly string[] =>
  Object.entries(headers).flat();

/** Bytes of a message, in the words of its version. Throws LL_HTTP1_REQUEST. */
export function encodeMessage(
  m: McpMessage,
  o: Pick<McpOptions, "path" | "version" | "headers">,
  base: Base,
): Buffer {
  const headers = [...base.headers, "content-type", "application/json"];
  headers.push("accept", "application/json, text/event-stream");
  // The version is agreed upon by `initialize`, and said from then on.
  if (m.method !== "initialize") {
    headers.push("mcp-protocol-version", m.session?.version ?? o.version);
  }
  if (m.session !== null && m.session.id !== null) headers.push("mcp-session-id", m.session.id);
  if (o.version === "2026-07-28") {
    headers.push("mcp-method", m.method);
    const { name } = m.params;
    if (typeof name === "string") headers.push("mcp-name", headerText(name));
  }
  const params = o.version === "2026-07-28" ? { ...m.params, _meta: meta(o.version) } : m.params;
  const message = {
    jsonrpc: "2.0",
    ...(m.id !== null && { id: m.id }),
    method: m.method,
    ...(Object.keys(params).length > 0 && { params }),
  };
  const body = Buffer.from(JSON.stringify(message));
  return encodeRequest({
    method: "POST",
    path: `${base.path}${o.path ?? "/mcp"}`,
    headers: withOwn(headers, ownOf(o)),
    body,
  });
}

/** The end of a session. */
export function goodbyeOf(
  session: Session,
  o: Pick<McpOptions, "path" | "headers">,
  base: Base,
): Http1Request {
  const headers = [...base.headers, "mcp-protocol-version", session.version];
  headers.push("mcp-session-id", session.id ?? "");
  const path = `${base.path}${o.path ?? "/mcp"}`;
  return { method: "DELETE", path, headers: withOwn(headers, ownOf(o)) };
}

/** What `initialize` offers. */
export function initializeParams(version: McpVersion): JsonRecord {
  return { protocolVersion: version, capabilities: {}, clientInfo: client };
}

function meta(version: McpVersion): JsonRecord {
  return {
    [`${prefix}/protocolVersion`]: version,
    [`${prefix}/clientInfo`]: client,
    [`${prefix}/clientCapabilities`]: {},
  };
}

/** A name as a header carries it: in base64 when it is not plain ASCII. */
function headerText(name: string): string {
  const plain =
    /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(name) && !name.startsWith("=?base64?");
  return plain ? name : `=?base64?${Buffer.from(name).toString("base64")}?=`;
}

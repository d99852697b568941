import type { JsonRecord } from "@loadline/kit/json";
import type { LoadOutcome } from "../../engine/flight.ts";

/** Both are spoken over streamable HTTP. */
export type McpVersion = "2025-11-25" | "2026-07-28";

export interface McpOptions {
  /** Below the base URL, default `/mcp`. */
  readonly path?: string;
  readonly version: McpVersion;
  /** Further headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Step of the opening of sessions, default none: in the account, in no claim. */
  readonly connectStep?: number;
  /** Sessions kept at once, default 1,024; above it calls share them. */
  readonly sessionsMax?: number;
  /** Ends that are as good as a result, default none. */
  readonly expect?: readonly ("tool_error" | "protocol_error")[];
  /** 2026-07-28: what the server may ask back; without it `input_required` is bad. */
  readonly answerInput?: (requests: JsonRecord) => JsonRecord | null;
}

export type McpEnd =
  | "ok"
  /** The tool ran and said that it failed (`isError`). */
  | "tool_error"
  /** JSON-RPC refused the request. */
  | "protocol_error"
  | "input_required"
  /** No JSON-RPC answer came. */
  | "transport";

/** What a server said to one request. */
export interface McpReply {
  kind: McpEnd;
  /** Code of a protocol error, else null. */
  code: number | null;
  result: JsonRecord | null;
}

/** The outcome a reply has in the account of due requests. */
export function outcomeOf(kind: McpEnd, expect: McpOptions["expect"]): LoadOutcome {
  if (kind === "ok" || expect?.some((one) => one === kind) === true) return "ok";
  return kind === "tool_error" || kind === "input_required" ? "check" : "protocol";
}

import { startReferenceTarget } from "../../../../../testkit/src/reference-target/index.ts";
import { describe, expect, it } from "vitest";
import { createContext, dueNow, type RecordingContext } from "../context.fixture.ts";
import { type McpAnswer, McpClient } from "./mcp-client.ts";
import type { McpOptions } from "./options.ts";
import { encodeMessage } from "./wire.ts";

const versions = ["2025-11-25", "2026-07-28"] as const;

const call = (client: McpClient, tool = "search"): Promise<McpAnswer> =>
  new Promise((resolve) => client.call(tool, { q: "x" }, dueNow(), resolve));
const list = (client: McpClient): Promise<McpAnswer> =>
  new Promise((resolve) => client.list(dueNow(), resolve));

/** Every request the target was sent is due and ended once. */
const balances = (context: RecordingContext): void => {
  expect(context.ended).toHaveLength(context.opened());
};

describe.each(versions)("MCP %s", (version) => {
  it.each([false, true])("lists and calls, replies as events: %s", async (sse) => {
    await using target = await startReferenceTarget({ mcp: { sse } });
    await using context = createContext(target.url);
    const client = new McpClient({ version }, context);
    const listed = await list(client);
    expect(listed).toMatchObject({ outcome: "ok", kind: "ok" });
    expect(listed.result?.["tools"]).toHaveLength(2);
    const called = await call(client);
    expect(called).toMatchObject({ outcome: "ok", kind: "ok", result: { isError: false } });
    expect(context.valuesOf("mcp_list")).toHaveLength(1);
    expect(context.valuesOf("mcp_call")).toHaveLength(1);
    expect(context.valuesOf("mcp_call{tool:search}")).toHaveLength(1);
    expect(context.valuesOf("mcp_connect")).toHaveLength(version === "2025-11-25" ? 1 : 0);
    await client.close();
    const { counts } = await target.truth();
    expect(counts).toMatchObject({ mcp_list: 1, mcp_calls: 1 });
    expect(counts["mcp_header_mismatch"] ?? 0).toBe(0);
    balances(context);
  });

  it("a tool's error and the protocol's are told apart, each bad unless expected", async () => {
    await using target = await startReferenceTarget({ mcp: { toolErrors: 1 } });
    await using context = createContext(target.url);
    const strict = new McpClient({ version }, context);
    expect(await call(strict)).toMatchObject({ outcome: "check", kind: "tool_error", code: null });
    const lenient = new McpClient({ version, expect: ["tool_error"] }, context);
    expect(await call(lenient)).toMatchObject({ outcome: "ok", kind: "tool_error" });
    await target.configure({ mcp: { protocolErrors: 1 } });
    const answer = await call(new McpClient({ version }, context));
    expect(answer).toMatchObject({ outcome: "protocol", kind: "protocol_error", code: -32603 });
    expect(context.valuesOf("mcp_tool_errors")).toEqual([1, 1]);
    expect(context.valuesOf("mcp_protocol_errors")).toEqual([1]);
    expect(context.valuesOf("mcp_protocol_errors{code:-32603}")).toEqual([1]);
    const bad = context.figures.filter(({ name }) => name === "mcp_tool_errors");
    expect(bad.map((one) => one.bad)).toEqual([true, false]);
    balances(context);
  });

  it("a server that is not there ends every call by connect, none is lost", async () => {
    await using context = createContext("http://127.0.0.1:9");
    const client = new McpClient({ version }, context);
    const answers = await Promise.all([call(client), call(client), list(client)]);
    expect(answers.map((one) => one.outcome)).toEqual(["connect", "connect", "connect"]);
    expect(answers.every((one) => one.kind === "transport")).toBe(true);
    balances(context);
  });
});

describe("MCP sessions", () => {
  const version = "2025-11-25";

  it("a session is opened per call under way, kept, and ended at the end", async () => {
    await using target = await startReferenceTarget({ delayMs: 20 });
    await using context = createContext(target.url);
    const client = new McpClient({ version }, context);
    await Promise.all(Array.from({ length: 4 }, () => call(client)));
    await Promise.all(Array.from({ length: 4 }, () => call(client)));
    expect((await target.truth()).counts["mcp_initialize"]).toBe(4);
    await client.close();
    // What was ended is unknown to the server from then on: a new session is opened.
    expect((await call(client)).outcome).toBe("ok");
    expect((await target.truth()).counts["mcp_initialize"]).toBe(5);
  });

  it("never more sessions than allowed: above it they are shared", async () => {
    await using target = await startReferenceTarget({ delayMs: 10 });
    await using context = createContext(target.url);
    const client = new McpClient({ version, sessionsMax: 2 }, context);
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(client)));
    expect(answers.map((one) => one.outcome)).toEqual(Array.from({ length: 10 }, () => "ok"));
    expect((await target.truth()).counts["mcp_initialize"]).toBe(2);
  });

  it("a lost session is counted, its call is bad, the next one opens another", async () => {
    // The handshake's notification is the first use of a session.
    await using target = await startReferenceTarget({ mcp: { sessionAfter: 2 } });
    await using context = createContext(target.url);
    const client = new McpClient({ version }, context);
    const ends: string[] = [];
    for (let i = 0; i < 4; i++) ends.push((await call(client)).outcome);
    expect(ends).toEqual(["ok", "status_4xx", "ok", "status_4xx"]);
    expect(context.valuesOf("mcp_sessions_lost")).toEqual([1, 1]);
    expect((await target.truth()).counts["mcp_sessions_lost"]).toBe(2);
    balances(context);
  });

  it("the opening is a due request of its own step, and the call keeps the time it was due", async () => {
    await using target = await startReferenceTarget({ delayMs: 30 });
    await using context = createContext(target.url);
    const client = new McpClient({ version, connectStep: 1 }, context);
    const answer = await call(client);
    expect(context.ended.map(([flight]) => flight.step)).toEqual([1, 1, 0]);
    const { flight } = answer;
    // Two round trips for the session, one of its own.
    expect(flight.doneMs - flight.intendedMs).toBeGreaterThan(85);
    expect(flight.sendMs - flight.intendedMs).toBeGreaterThan(55);
    expect(context.valuesOf("mcp_call")).toEqual([flight.doneMs - flight.intendedMs]);
  });
});

describe("MCP 2026-07-28", () => {
  const version = "2026-07-28";

  it("a request for input is bad unless the scenario answers it", async () => {
    await using target = await startReferenceTarget({ mcp: { inputRequired: 1 } });
    await using context = createContext(target.url);
    const answer = await call(new McpClient({ version }, context));
    expect(answer).toMatchObject({ outcome: "check", kind: "input_required" });
    // A server that never has enough is given up on.
    const patient: McpOptions = { version, answerInput: () => ({}) };
    const last = await call(new McpClient(patient, context));
    expect(last).toMatchObject({ outcome: "check", kind: "input_required" });
    expect(context.ended.map(([, outcome]) => outcome)).toEqual([
      "check",
      "ok",
      "ok",
      "ok",
      "check",
    ]);
    expect(context.valuesOf("mcp_call")).toHaveLength(2);
  });

  it("headers repeat what the body says, names that are not ASCII in base64", () => {
    const encode = (name: string): string => {
      const message = { id: 1, method: "tools/call", params: { name }, session: null };
      return encodeMessage(message, { version }, { path: "", headers: [] }).toString();
    };
    expect(encode("add")).toContain("mcp-name: add\r\n");
    expect(encode("café")).toContain("mcp-name: =?base64?Y2Fmw6k=?=\r\n");
    expect(encode("a\r\nb")).not.toContain("a\r\nb");
    const text = encode("add");
    expect(text).toContain("mcp-method: tools/call\r\n");
    expect(text).toContain("mcp-protocol-version: 2026-07-28\r\n");
    const body = JSON.parse(text.slice(text.indexOf("\r\n\r\n")));
    expect(body.params._meta).toMatchObject({
      "io.modelcontextprotocol/protocolVersion": version,
      "io.modelcontextprotocol/clientCapabilities": {},
    });
  });
});

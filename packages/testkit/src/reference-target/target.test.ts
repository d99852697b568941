import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../eventually.ts";
import {
  firstChunkTimes,
  rankValue,
  type ReferenceTarget,
  serviceTimes,
  stallWaits,
  startReferenceTarget,
  type TargetOptions,
} from "./index.ts";

const clock = systemClock();

describe("reference target", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  const as = (options: TargetOptions): Promise<void> => target.configure(options);
  const get = (path = "/x"): Promise<Response> => fetch(`${target.url}${path}`);
  const post = (path: string, body: unknown, headers = {}): Promise<Response> =>
    fetch(`${target.url}${path}`, { method: "POST", body: JSON.stringify(body), headers });

  it("answers no earlier than its delay, and its own stamps say so; the second port takes a tenth more", async () => {
    await as({ delayMs: 40 });
    const startMs = clock.monotonicMs();
    expect((await get()).status).toBe(200);
    expect(clock.monotonicMs() - startMs).toBeGreaterThan(38);
    const first = serviceTimes(await target.truth());
    expect(first).toHaveLength(1);
    expect(first[0]).toBeGreaterThan(38);
    await target.reset();
    await fetch(`${target.slowerUrl}/x`);
    expect(serviceTimes(await target.truth())[0]).toBeGreaterThan(42.5);
  });

  it("stands still for the time it says, within each period, and waits follow from that alone", async () => {
    await as({ stall: { stallMs: 100, everyMs: 300 } });
    const many = async (): Promise<boolean> => (await target.truth()).stalls.length >= 3;
    await eventually(clock, many, 10_000);
    const { stalls } = await target.truth();
    for (const [from, until] of stalls) expect(until - from).toBeGreaterThan(99);
    const [[from, until] = [0, 0]] = stalls;
    expect(stallWaits(stalls, [from - 1, from, until - 10, until])).toEqual([
      0,
      0,
      10,
      until - from,
    ]);
  });

  it("counts its requests by path and its answers by status, the planned share of errors among them", async () => {
    await as({ errors: { share: 0.5, status: 503 }, seed: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++) statuses.push((await get(i % 2 === 0 ? "/a" : "/b")).status);
    const failed = statuses.filter((status) => status === 503).length;
    expect(failed).toBeGreaterThan(8);
    expect(failed).toBeLessThan(32);
    const truth = await target.truth();
    expect(truth.requests).toEqual({ "/a": 20, "/b": 20 });
    expect(truth.statuses).toEqual({ "200": 40 - failed, "503": failed });
  });

  it("refuses after the quota, with Retry-After only when told, and without the token", async () => {
    await as({ quota: { after: 2, retryAfterSeconds: 7 } });
    const answers = [await get(), await get(), await get()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers.get("retry-after")).toBe("7");
    await as({ quota: { after: 0 } });
    expect((await get()).headers.get("retry-after")).toBeNull();
    await as({ token: "t" });
    expect((await get()).status).toBe(401);
    expect((await post("/x", {}, { authorization: "Bearer t" })).status).toBe(200);
  });

  it("resets, truncates, closes and garbles the planned connections and records each as unanswered", async () => {
    for (const fault of ["reset", "truncate", "close", "garbage"] as const) {
      await as({ faults: { [fault]: 1 } });
      await expect(get().then((answer) => answer.text())).rejects.toThrow();
      const { statuses, counts } = await target.truth();
      // fetch repeats a request whose kept connection was closed.
      expect(statuses["none"]).toBeGreaterThanOrEqual(1);
      expect(counts[`fault_${fault}`]).toBe(statuses["none"]);
    }
  });

  it("slow accept: nothing is read before its time", async () => {
    await as({ faults: { slowAcceptMs: 80 } });
    const startMs = clock.monotonicMs();
    await fetch(`${target.url}/slow`, { headers: { connection: "close" } });
    // A connection kept from before is not a new one.
    const { connections } = await target.truth();
    if (connections > 0) expect(clock.monotonicMs() - startMs).toBeGreaterThan(78);
  });

  it("a lying target stamps its answer before it leaves", async () => {
    await as({ delayMs: 1, hiddenDelayMs: 60 });
    const startMs = clock.monotonicMs();
    await get();
    const tookMs = clock.monotonicMs() - startMs;
    expect(tookMs - (serviceTimes(await target.truth())[0] ?? 0)).toBeGreaterThan(50);
  });
});

describe("reference target's streams", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  const stream = async (): Promise<{ text: string; reads: number }> => {
    const answer = await fetch(`${target.url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ stream: true }),
    });
    let [text, reads] = ["", 0];
    for await (const bytes of answer.body ?? []) {
      text += Buffer.from(bytes).toString("utf8");
      reads++;
    }
    return { text, reads };
  };
  const eventsIn = (text: string): number => text.split("w").length - 1;

  it("as many events as planned, spread over time, with usage and an end marker", async () => {
    await target.configure({ stream: { chunks: 6, gapMs: 15 } });
    const { text, reads } = await stream();
    expect(eventsIn(text)).toBe(6);
    expect(reads).toBeGreaterThanOrEqual(4);
    expect(text).toContain('"completion_tokens":6');
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(serviceTimes(await target.truth())[0]).toBeGreaterThan(5 * 15 - 5);
  });

  it("its first chunk is stamped when it leaves, and answers in one piece have none", async () => {
    await target.configure({ stream: { chunks: 4, gapMs: 20, firstMs: 40 } });
    await stream();
    await fetch(`${target.url}/x`);
    const truth = await target.truth();
    const [streamedMs = 0] = serviceTimes(truth).slice(-1);
    const firsts = firstChunkTimes(truth);
    expect(firsts).toHaveLength(1);
    expect(firsts[0]).toBeGreaterThan(38);
    expect(streamedMs - (firsts[0] ?? 0)).toBeGreaterThan(3 * 20 - 5);
  });

  it("a buffered stream takes the same time and arrives at once", async () => {
    await target.configure({ stream: { chunks: 6, gapMs: 15, buffered: true } });
    const { text, reads } = await stream();
    expect(eventsIn(text)).toBe(6);
    expect(reads).toBeLessThanOrEqual(2);
    expect(serviceTimes(await target.truth())[0]).toBeGreaterThan(5 * 15 - 5);
  });

  it("without end marker, cut, or with the bytes of a corpus case, exactly as told", async () => {
    await target.configure({ stream: { chunks: 2, gapMs: 0, noEndMarker: true } });
    expect((await stream()).text).not.toContain("[DONE]");
    await target.configure({ stream: { chunks: 9, gapMs: 1, cutAfter: 3 } });
    await expect(stream()).rejects.toThrow();
    const bytes = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ndata: x\n\n");
    const halves = [bytes.subarray(0, 20), bytes.subarray(20)];
    const writes = halves.map((half) => ({ afterMs: 5, base64: half.toString("base64") }));
    await target.configure({ stream: { chunks: 0, gapMs: 0, writes } });
    expect((await stream()).text).toBe("data: x\n\n");
  });

  it("answers a body that is no JSON with 400 and one that asks for no stream with JSON", async () => {
    await target.configure({ stream: { chunks: 3, gapMs: 1 } });
    const ask = (body: string): Promise<Response> =>
      fetch(`${target.url}/v1/chat/completions`, { method: "POST", body });
    expect((await ask("{")).status).toBe(400);
    expect(await (await ask("{}")).json()).toMatchObject({ usage: { completion_tokens: 3 } });
  });
});

describe("reference target's documents, tools and rooms", () => {
  let target: ReferenceTarget;
  beforeAll(async () => void (target = await startReferenceTarget()));
  afterAll(() => target[Symbol.asyncDispose]());

  const post = async (
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: unknown; session: string }> => {
    const answer = await fetch(`${target.url}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers,
    });
    const text = await answer.text();
    const session = answer.headers.get("mcp-session-id") ?? "";
    return { status: answer.status, body: text === "" ? null : JSON.parse(text), session };
  };
  const find = async (tenant: string): Promise<unknown> =>
    (await post("/rag/query", { query: "canary-1" }, { "x-tenant": tenant })).body;

  it("a query finds the tenant's own document, another tenant's only when it leaks", async () => {
    const plant = (): Promise<unknown> =>
      post("/rag/documents", { id: "d", text: "the canary-1 sings" }, { "x-tenant": "a" });
    await target.configure({});
    await plant();
    expect(await find("a")).toMatchObject({ results: [{ id: "d" }] });
    expect(await find("b")).toEqual({ results: [] });
    await target.configure({ rag: { leak: true } });
    await plant();
    expect(await find("b")).toMatchObject({ results: [{ id: "d" }] });
    expect((await target.truth()).counts).toMatchObject({ rag_foreign: 1, rag_ingested: 1 });
  });

  it("what it forgets is never found, what is not visible yet is found later, and removal removes", async () => {
    await target.configure({ rag: { forget: 1 } });
    await post("/rag/documents", { id: "d", text: "canary-1" }, { "x-tenant": "a" });
    expect(await find("a")).toEqual({ results: [] });
    await target.configure({ rag: { visibleMs: 100 } });
    await post("/rag/documents", { id: "d", text: "canary-1" }, { "x-tenant": "a" });
    expect(await find("a")).toEqual({ results: [] });
    const isThere = async (): Promise<boolean> => JSON.stringify(await find("a")).includes('"d"');
    await eventually(clock, isThere, 20_000);
    await fetch(`${target.url}/rag/documents/d`, { method: "DELETE" });
    expect(await isThere()).toBe(false);
  });

  it("MCP 2025-11-25 needs its session; tool errors and protocol errors are told apart", async () => {
    await target.configure({ mcp: { toolErrors: 1 } });
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "echo" } };
    expect((await post("/mcp", call)).status).toBe(404);
    const { session } = await post("/mcp", { jsonrpc: "2.0", id: 0, method: "initialize" });
    const withSession = { "mcp-session-id": session };
    expect((await post("/mcp", { method: "notifications/initialized" }, withSession)).status).toBe(
      202,
    );
    const failed = await post("/mcp", call, withSession);
    expect(failed.body).toMatchObject({ result: { isError: true } });
    await target.configure({ mcp: { protocolErrors: 1, sessionAfter: 1 } });
    const again = await post("/mcp", { jsonrpc: "2.0", id: 0, method: "initialize" });
    const other = { "mcp-session-id": again.session };
    expect((await post("/mcp", call, other)).body).toMatchObject({ error: { code: -32603 } });
    expect((await post("/mcp", call, other)).status).toBe(404);
    expect((await target.truth()).counts).toMatchObject({
      mcp_protocol_errors: 1,
      mcp_sessions_lost: 1,
    });
  });

  it("MCP 2026-07-28 has no session and refuses headers that differ from the body", async () => {
    await target.configure({});
    const params = { name: "echo", arguments: { q: 1 }, _meta: {} };
    const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    const headers = {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
    };
    expect((await post("/mcp", call, headers)).body).toMatchObject({
      result: { resultType: "complete", isError: false },
    });
    expect((await post("/mcp", call, { ...headers, "mcp-name": "x" })).status).toBe(400);
    expect((await target.truth()).counts).toMatchObject({ mcp_calls: 1, mcp_header_mismatch: 1 });
  });

  it("rooms drop the planned share of deliveries, and only a lying room says otherwise", async () => {
    for (const lie of [false, true]) {
      await target.configure({ rooms: { loss: 0.5, lie }, seed: 5 });
      const [speaker, listener] = [await openRoom(target.url), await openRoom(target.url)];
      await Promise.all([
        speaker.ask({ op: "join", room: "r" }),
        listener.ask({ op: "join", room: "r" }),
      ]);
      let acknowledged = 0;
      for (let id = 0; id < 40; id++) {
        const ack = await speaker.ask({ op: "say", room: "r", id });
        acknowledged += Number(ack["delivered"]);
      }
      const { counts } = await target.truth();
      expect(counts["room_expected"]).toBe(40);
      expect(counts["room_delivered"]).toBeGreaterThan(8);
      expect(counts["room_delivered"]).toBeLessThan(32);
      expect(acknowledged).toBe(lie ? 40 : counts["room_delivered"]);
      speaker.close();
      listener.close();
    }
  });
});

interface Room {
  /** Sends and answers with the next message that is no presence. */
  ask(message: unknown): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
}

/** Short masked text frames by hand: enough for a referee of the target. */
async function openRoom(url: string): Promise<Room> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(
    "GET /ws HTTP/1.1\r\nhost: t\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n",
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  expect(head.toString()).toContain("101 Switching");
  const messages = readMessages(socket);
  return {
    async ask(message) {
      const text = Buffer.from(JSON.stringify(message));
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
      for (;;) {
        const answer = await messages.next();
        if (answer["op"] !== "presence" && answer["op"] !== "said") return answer;
      }
    },
    close: () => socket.destroy(),
  };
}

function readMessages(socket: Socket): { next(): Promise<Readonly<Record<string, unknown>>> } {
  const ready: Readonly<Record<string, unknown>>[] = [];
  let held = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + (held[1] ?? 0)) {
      const end = 2 + (held[1] ?? 0);
      ready.push(JSON.parse(held.toString("utf8", 2, end)) as Readonly<Record<string, unknown>>);
      held = held.subarray(end);
    }
  });
  return {
    async next() {
      await eventually(clock, () => ready.length > 0, 20_000);
      return ready.shift() ?? {};
    },
  };
}

describe("truth", () => {
  it("the value of a rank is the smallest that the share of all lies at or under", () => {
    expect(rankValue([1, 2, 3, 4], 0.5)).toBe(2);
    expect(rankValue([1, 2, 3, 4], 0.99)).toBe(4);
    expect(rankValue([], 0.5)).toBeNaN();
  });
});

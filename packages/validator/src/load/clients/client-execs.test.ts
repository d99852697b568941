import { createServer } from "node:http2";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../../testkit/src/listen.ts";
import { startReferenceTarget } from "../../../../testkit/src/reference-target/index.ts";
import type { LoadAccount, LoadLimit, LoadRecord, Scenario } from "../types.ts";
import { runLoad } from "../run-load.ts";
import { referenceDocuments } from "./rag/rag.fixture.ts";

interface Ran {
  readonly account: LoadAccount;
  /** Values by figure: how many, how many bad, their sum. */
  readonly figures: Readonly<Record<string, { count: number; bad: number; sum: number }>>;
  readonly texts: readonly string[];
  /** Requests in a claim on response time. */
  readonly judged: number;
}

/** 50 iterations, 50 a second, through the whole engine in its own thread. */
async function run(
  baseUrl: string,
  exec: NonNullable<Scenario["exec"]>,
  o: { readonly steps: readonly string[]; readonly http2?: boolean },
): Promise<Ran> {
  const s: Scenario = {
    executor: "constant-arrival-rate",
    rate: 50,
    durationMs: 1000,
    gracefulStopMs: 8000,
    exec,
    steps: o.steps.map((name) => ({ name })),
    http2: o.http2 ?? false,
  };
  const limit: LoadLimit = {
    scenario: "s",
    metric: "response_time",
    limitMs: 60_000,
    claim: "c",
    stream: "c",
    part: "all",
  };
  const plan = { target: { baseUrl }, seed: 7, scenarios: { s }, limits: [limit] };
  const records: LoadRecord[] = [];
  for await (const record of runLoad(plan, { clock: systemClock() })) records.push(record);
  const ended = records.at(-1);
  const account = ended?.type === "load.ended" ? ended.accounts[0] : undefined;
  if (account === undefined) throw new Error("no load.ended at the end");
  const figures = records.flatMap((r) =>
    r.type === "figure" ? [[r.figure.figure, r.figure]] : [],
  );
  const texts = records.flatMap((r) => (r.type === "load.event" ? [r.text] : []));
  const judged = records.flatMap((r) => (r.type === "sample.tally" ? [r.tally.n] : []));
  return { account, figures: Object.fromEntries(figures), texts, judged: judged[0] ?? -1 };
}

describe("clients in the engine", () => {
  it("MCP calls are accounted and figured, and agree with the target's own count", async () => {
    await using target = await startReferenceTarget({ mcp: { toolErrors: 0.2, sse: true } });
    const { account, figures } = await run(
      target.url,
      {
        kind: "mcp",
        options: {
          version: "2026-07-28",
          calls: [{ list: true }, { tool: "search", args: { q: "x" } }],
        },
      },
      { steps: ["list", "call"] },
    );
    const { counts } = await target.truth();
    expect(account.due).toBe(100);
    expect(figures["mcp_list"]?.count).toBe(50);
    expect(figures["mcp_call"]?.count).toBe(50);
    expect(figures["mcp_tool_errors"]?.sum).toBe(counts["mcp_tool_errors"]);
    expect(account.bad["check"]).toBe(counts["mcp_tool_errors"]);
    expect(account.ok + (account.bad["check"] ?? 0)).toBe(100);
  });

  it("documents are planted, found and gone at the end of the run", async () => {
    await using target = await startReferenceTarget({ rag: { visibleMs: 30 } });
    const { account, figures, texts, judged } = await run(
      target.url,
      {
        kind: "rag",
        options: {
          ...referenceDocuments,
          // The id is the store's own.
          ingest: { method: "POST", path: "/rag/documents", body: { text: "${text}" } },
          idPath: "id",
          pollMs: 20,
          ingestShare: 0.3,
          text: "some text",
        },
      },
      { steps: ["ingest", "query"] },
    );
    const { counts } = await target.truth();
    expect(figures["rag_ingest"]?.count).toBe(15);
    expect(figures["rag_query"]?.count).toBe(35);
    expect(figures["rag_visible"]).toMatchObject({ count: 15, bad: 0 });
    expect(figures["rag_foreign"]).toMatchObject({ count: 35, sum: 0 });
    expect(figures["rag_hit"]?.bad).toBe(0);
    // Looking for documents is in the account, and dilutes no claim.
    expect(account.due).toBeGreaterThan(65);
    expect(judged).toBe(50);
    expect(counts).toMatchObject({ rag_ingested: 15, rag_removed: 15 });
    expect(account.ok).toBe(account.due);
    expect(texts).toEqual([]);
  });

  it("a room's deliveries are counted to the last one, also those after the last message", async () => {
    await using target = await startReferenceTarget({ rooms: { loss: 0.05, lie: true } });
    const { account, figures, judged } = await run(
      target.url,
      {
        kind: "rooms",
        options: { path: "/ws", members: 10, callShare: 0.2, deliverWithinMs: 3000 },
      },
      { steps: ["say"] },
    );
    const { counts } = await target.truth();
    const delivery = figures["ws_delivery"];
    expect(figures["ws_rtt"]?.count).toBe(10);
    // Ten connections, forty messages, ten round trips.
    expect([account.due, account.ok, judged]).toEqual([60, 60, 50]);
    // Nothing is said before everybody is in: both count the same.
    const { room_expected = 0, room_delivered = 0 } = counts;
    expect([delivery?.count, delivery?.sum]).toEqual([room_expected, room_delivered]);
    expect(room_expected).toBe(40 * 9);
    expect(delivery?.bad).toBeGreaterThan(0);
  });

  it("a scenario that asks for HTTP/2 gets it, whatever its iterations do, and the run says so", async () => {
    const paths: string[] = [];
    const server = createServer();
    server.on("stream", (stream, headers) => {
      paths.push(String(headers[":path"]));
      stream.respond({ ":status": 200 }, { endStream: true });
    });
    const port = await listenOnLoopback(server);
    const part = (name: string, path: string) => ({
      name,
      weight: 1,
      request: { kind: "http", method: "GET", path } as const,
    });
    const { account, texts } = await run(
      `http://127.0.0.1:${port}`,
      { kind: "mix", parts: [part("a", "/a"), part("b", "/b")] },
      { steps: ["a", "b"], http2: true },
    );
    server.close();
    expect([account.due, account.ok]).toEqual([50, 50]);
    expect(paths.filter((path) => path === "/a")).toHaveLength(25);
    expect(texts.filter((text) => text.includes("HTTP/2"))).toHaveLength(1);
  });
});

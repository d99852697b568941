import { describe, expect, it } from "vitest";
import { eventually } from "../../../../../testkit/src/eventually.ts";
import { quietest } from "../../../../../testkit/src/quietest.ts";
import { startReferenceTarget } from "../../../../../testkit/src/reference-target/index.ts";
import { startScriptedServer } from "../../../../../testkit/src/stall-server/index.ts";
import type { Answer } from "../asked.ts";
import { createContext, dueNow } from "../context.fixture.ts";
import { Canaries, foreignIn } from "./canaries.ts";
import { fillBody, fillText, type RagOptions, valueAt } from "./options.ts";
import { type RagAnswer, RagClient } from "./rag-client.ts";
import { referenceDocuments } from "./rag.fixture.ts";

const options: RagOptions = {
  ...referenceDocuments,
  idPath: "id",
  pollMs: 20,
  visibleWithinMs: 20_000,
};

const ingest = (client: RagClient, index: number): Promise<Answer> =>
  new Promise((resolve) => client.ingest("some text", dueNow(index), resolve));
const query = (client: RagClient, index: number, question: string | null = null) =>
  new Promise<RagAnswer>((resolve) => client.query(question, dueNow(index), resolve));

describe("documents against the reference target", () => {
  it("what is planted is found among the first, by its own tenant alone, and is gone at the end", async () => {
    await using target = await startReferenceTarget({});
    await using context = createContext(target.url);
    const client = new RagClient({ ...options, foreignEvery: 3 }, context);
    for (let i = 0; i < 6; i++) expect((await ingest(client, i)).outcome).toBe("ok");
    const answers: RagAnswer[] = [];
    for (let i = 0; i < 12; i++) answers.push(await query(client, i));
    expect(answers.map((one) => one.outcome)).toEqual(Array.from({ length: 12 }, () => "ok"));
    // Every third asks for what only the other tenant may see.
    expect(answers.filter((one) => one.hit === null)).toHaveLength(4);
    expect(context.valuesOf("rag_hit")).toEqual(Array.from({ length: 8 }, () => 1));
    expect(context.valuesOf("rag_foreign")).toEqual(Array.from({ length: 12 }, () => 0));
    expect(context.valuesOf("rag_ingest")).toHaveLength(6);
    expect(context.valuesOf("rag_query")).toHaveLength(12);
    await client.close();
    const { counts } = await target.truth();
    expect(counts).toMatchObject({ rag_ingested: 6, rag_removed: 6 });
    expect(context.events).toEqual([]);
    expect(context.ended).toHaveLength(context.opened());
  });

  it("a store that shows documents late is measured from its acknowledgement, to one poll", async () => {
    await using target = await startReferenceTarget({ rag: { visibleMs: 200 } });
    await using context = createContext(target.url);
    const client = new RagClient(options, context);
    let round = 0;
    const visible = async (): Promise<number> => {
      await ingest(client, round++);
      return context.valuesOf("rag_visible").at(-1) ?? Number.NaN;
    };
    // Lower edges are hard; a busy machine only adds.
    const visibleMs = await quietest(visible, (ms) => ms < 1500);
    expect(visibleMs).toBeGreaterThan(190);
    expect(visibleMs).toBeLessThan(1500);
    await client.close();
  });

  it("a store that forgets is never visible, and that is said", async () => {
    await using target = await startReferenceTarget({ rag: { forget: 1 } });
    await using context = createContext(target.url);
    const client = new RagClient({ ...options, visibleWithinMs: 60 }, context);
    expect((await ingest(client, 0)).outcome).toBe("ok");
    const seen = context.figures.filter(({ name }) => name === "rag_visible");
    expect(seen).toEqual([{ name: "rag_visible", value: Number.NaN, bad: true }]);
    // Nothing is known to be there: no query counts as a hit or a miss.
    expect((await query(client, 0)).hit).toBeNull();
    expect(context.valuesOf("rag_hit")).toEqual([]);
    await client.close();
  });

  it("a document past the first k is a miss, one among them a hit", async () => {
    let word = "";
    let queries = 0;
    await using server = await startScriptedServer((_request, _socket, text) => {
      word = /ll-canary-t\d-[0-9a-f]{16}/.exec(text)?.[0] ?? word;
      const others = Array.from({ length: 5 }, (_, i) => ({ text: `other ${i}` }));
      // Visible at once, in the third place, then past the fifth.
      const at = text.includes("/rag/query") ? [0, 2, 5][queries++] : 0;
      const results = others.toSpliced(at ?? 0, 0, { text: `text ${word}` });
      const body = JSON.stringify({ id: "1", results });
      return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    });
    await using context = createContext(server.url);
    const tenants = options.tenants.slice(0, 1);
    const client = new RagClient({ ...options, tenants, remove: null }, context);
    await ingest(client, 0);
    expect([(await query(client, 0)).hit, (await query(client, 0)).hit]).toEqual([true, false]);
    const hits = context.figures.filter(({ name }) => name === "rag_hit");
    expect(hits.map(({ value, bad }) => [value, bad])).toEqual([
      [1, false],
      [0, true],
    ]);
    // With one tenant nobody can leak to: nothing was looked for.
    expect(context.valuesOf("rag_foreign")).toEqual([]);
  });

  it("an answer without a list of results is no answer to a query", async () => {
    const body = '{"answer":"42"}';
    await using server = await startScriptedServer(
      () => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await using context = createContext(server.url);
    const client = new RagClient({ ...options, remove: null }, context);
    expect((await query(client, 0, "x")).outcome).toBe("protocol");
  });

  it("a store that leaks is found out by the other tenant's canary", async () => {
    await using target = await startReferenceTarget({ rag: { leak: true } });
    await using context = createContext(target.url);
    const client = new RagClient({ ...options, foreignEvery: 2 }, context);
    for (let i = 0; i < 4; i++) await ingest(client, i);
    for (let i = 0; i < 8; i++) await query(client, i);
    const foreign = context.figures.filter(({ name }) => name === "rag_foreign");
    expect(foreign).toHaveLength(8);
    expect(foreign.filter((one) => one.bad)).toHaveLength(4);
    // A question in words leaks as well, without a canary being asked for.
    expect((await query(client, 0, "some text")).foreign).toBeGreaterThan(0);
    await client.close();
  });

  it("no more documents are kept than asked for: the oldest goes as a new one comes", async () => {
    await using target = await startReferenceTarget({});
    await using context = createContext(target.url);
    const client = new RagClient({ ...options, keepMax: 2, removeStep: 3 }, context);
    for (let i = 0; i < 10; i += 2) await ingest(client, i);
    const removals = () => context.ended.filter(([flight]) => flight.step === 3);
    await eventually(context.clock, () => removals().length === 3, 20_000);
    await client.close();
    expect((await target.truth()).counts["rag_removed"]).toBe(5);
  });

  it("a store that is not there ends every call as it failed, and keeps its documents to itself", async () => {
    await using context = createContext("http://127.0.0.1:9");
    const client = new RagClient(options, context);
    expect((await ingest(client, 0)).outcome).toBe("connect");
    expect((await query(client, 1)).outcome).toBe("connect");
    expect(context.figures.every((one) => one.bad)).toBe(true);
    await client.close();
    expect(context.events).toEqual([]);
  });

  it("documents that cannot be removed are said", async () => {
    await using target = await startReferenceTarget({});
    await using context = createContext(target.url);
    // Refused with 400.
    const remove = { method: "POST", path: "/rag/documents" };
    const client = new RagClient({ ...options, remove }, context);
    await ingest(client, 0);
    await client.close();
    expect(context.events).toEqual(["1 of 1 planted documents could not be removed."]);
  });
});

describe("canaries", () => {
  it("are the same for a seed, differ within it, and name their tenant", () => {
    const words = (seed: number): string[] => {
      const canaries = new Canaries(seed, 2);
      return Array.from({ length: 100 }, (_, i) => canaries.word(i % 2));
    };
    expect(words(7)).toEqual(words(7));
    expect(words(7)).not.toEqual(words(8));
    expect(new Set(words(7)).size).toBe(100);
    expect(words(7)[1]).toMatch(/^ll-canary-t1-[0-9a-f]{16}$/);
  });

  it("those of other tenants are counted once each, whoever planted them", () => {
    const canaries = new Canaries(1, 3);
    const [a, b] = [canaries.word(0), canaries.word(1)];
    expect(foreignIn(`x ${a} y ${b} ${b}`, 0)).toBe(1);
    expect(foreignIn(`x ${a} y ${b}`, 2)).toBe(2);
    expect(foreignIn("ll-canary-t1-nothex", 0)).toBe(0);
  });
});

describe("routes", () => {
  it("places are filled in texts and bodies, whole ones keep their type, unknown ones stay", () => {
    expect(fillText("/d/${id}/${x}", { id: "a b" })).toBe("/d/a b/${x}");
    const body = { top: "${k}", q: "is ${query}?", deep: [{ t: "${query}" }] };
    const filled = JSON.parse(fillBody(body, { k: 5, query: 'say "hi"' }));
    expect(filled).toEqual({ top: 5, q: 'is say "hi"?', deep: [{ t: 'say "hi"' }] });
  });

  it("a dotted path leads through objects and lists, or nowhere", () => {
    const value = { a: [{ b: 1 }] };
    expect(valueAt(value, "a.0.b")).toBe(1);
    expect(valueAt(value, "a.1.b")).toBeUndefined();
    expect(valueAt("text", "")).toBe("text");
    expect(valueAt(null, "a")).toBeUndefined();
  });
});

import { freePort } from "../../../testkit/src/free-port.ts";
import { describe, expect, it } from "vitest";
import { edgeSaboteur } from "./edges.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { startEdgeApi, startEdgeTwin } from "./stubs/edge.ts";
import { startNeo4jTwin } from "./stubs/neo4j.ts";
import { startQdrantTwin } from "./stubs/qdrant.ts";
import { jsonReply, startWebStub } from "./stubs/web.ts";
import { againstTwin } from "./twin-suite.fixture.ts";

describe("edges", () => {
  it("are passed by data that crossed them", async () => {
    const { words, sentences } = await againstTwin(startEdgeTwin);
    expect(words["edge.it.cache"], sentences["edge.it.cache"]).toBe("passed");
  });

  it("fail where the service answers and its neighbour knows nothing of it", async () => {
    const { words, sentences } = await againstTwin(startEdgeTwin, edgeSaboteur);
    expect(words["edge.it.cache"]).toBe("failed false");
    expect(sentences["edge.it.cache"]).toContain("is not in cache");
    expect(words["cache.login"]).toBe("passed");
  });

  it("a service whose neighbour is away says so, and ends nobody", async () => {
    const port = await freePort();
    await using api = await startEdgeApi(port, false);
    const sent = await fetch(`${api.url}/items`, { method: "POST", body: '{"name":"a"}' });
    expect(sent.status).toBe(502);
  });

  it("to a kind that has no login rest on its answer, and without a way to look are errors of the check", async () => {
    await using qdrant = await startQdrantTwin([]);
    await using api = await startEdgeApi(1, true);
    const services = { api: { kind: "http", url: api.url }, points: qdrant.service };
    const send = { path: "/items", json: { name: "$MARK" } };
    const edges = [{ from: "api", to: "points", send }];
    const { words } = await runStackPlan({ timeoutMs: 10_000, services, edges }, qdrant.secrets);
    expect(words["points.answers"]).toBe("passed");
    expect(words["edge.api.points"]).toBe("error probe_contract");
  });

  it("that lack a way to look say what to give, and send nothing", async () => {
    const asked: string[] = [];
    await using stub = await startWebStub(
      [],
      [
        { when: "GET /health", answer: jsonReply({ status: "ok" }) },
        { when: "GET / ", answer: jsonReply({ title: "qdrant", version: "1.12.4" }) },
        {
          when: "POST /items",
          answer: ({ path }) => {
            asked.push(path);
            return jsonReply({}, 201);
          },
        },
      ],
    );
    const services = {
      api: { kind: "http", url: stub.url },
      points: { kind: "qdrant", url: stub.url },
    };
    const send = { path: "/items", json: { name: "$MARK" } };
    const edges = [{ from: "api", to: "points", send, find: { key: "item:$MARK" } }];
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services, edges });
    expect(words["edge.api.points"]).toBe("error probe_contract");
    expect(sentences["edge.api.points"]).toContain("give `find.points` in points");
    expect(asked).toEqual([]);
  });
});

interface Store {
  readonly service: object;
  readonly secrets: Readonly<Record<string, string>>;
}

/** An API that takes whatever it is sent, beside a store of its own. */
async function crossing(store: Store, find: object) {
  await using api = await startEdgeApi(1, true);
  const services = { api: { kind: "http", url: api.url }, store: store.service };
  const send = { path: "/items", json: { name: "$MARK" } };
  const edges = [{ from: "api", to: "store", send, find }];
  return await runStackPlan({ timeoutMs: 10_000, services, edges }, store.secrets);
}

describe("edges to graphs and vectors", () => {
  const scroll = "POST /collections/docs/points/scroll";
  const points = { points: { collection: "docs", field: "text" } };

  it("are passed by what was not there before and is there afterwards", async () => {
    let asked = 0;
    const rows = (one: object): readonly object[] => (asked++ === 0 ? [] : [one]);
    const texts: string[] = [];
    await using stub = await startWebStub(
      [],
      [
        {
          when: "GET / ",
          answer: jsonReply({ title: "qdrant", version: "1.12.4", neo4j_version: "5" }),
        },
        {
          when: 'POST /db/neo4j/query/v2 {"statement":"RETURN',
          answer: jsonReply({ data: { values: [[1]] } }),
        },
        {
          when: 'POST /db/neo4j/query/v2 {"statement":"MATCH (n {name:',
          answer: ({ text }) => {
            texts.push(text);
            return jsonReply({ data: { values: rows([1]) } }, 202);
          },
        },
        {
          when: scroll,
          answer: ({ text }) => {
            texts.push(text);
            return jsonReply({ result: { points: rows({ id: 1 }) } });
          },
        },
      ],
    );
    const qdrant = { service: { kind: "qdrant", url: stub.url }, secrets: {} };
    expect((await crossing(qdrant, points)).words["edge.api.store"]).toBe("passed");
    asked = 0;
    const neo4j = { service: { kind: "neo4j", url: stub.url }, secrets: {} };
    const find = { cypher: "MATCH (n {name: '$MARK'}) RETURN n" };
    expect((await crossing(neo4j, find)).words["edge.api.store"]).toBe("passed");
    // Both look for a name of the run, not for the word that stands for it.
    expect(texts).toHaveLength(4);
    for (const text of texts) expect(text).toMatch(/loadline_?\w+_api_store/);
  });

  it("a point is looked for by its payload, before and after", async () => {
    await using empty = await startQdrantTwin([
      { when: scroll, reply: '{"result":{"points":[]}}' },
    ]);
    const none = await crossing(empty, points);
    expect(none.words["edge.api.store"]).toBe("failed false");
    expect(none.sentences["edge.api.store"]).toContain("not in docs of store");
    await using full = await startQdrantTwin([
      { when: scroll, reply: '{"result":{"points":[{}]}}' },
    ]);
    const early = await crossing(full, points);
    expect(early.words["edge.api.store"]).toBe("failed false");
    expect(early.sentences["edge.api.store"]).toContain("Found before anything was sent");
    await using shut = await startQdrantTwin([
      { when: scroll, status: 404, reply: '{"status":{"error":"no docs"}}' },
    ]);
    expect((await crossing(shut, points)).sentences["edge.api.store"]).toContain("404 no docs");
  });

  it("a graph is asked the declared query, and one that gives rows at once proves nothing", async () => {
    const find = { cypher: "MATCH (n {name: '$MARK'}) RETURN n" };
    const query = 'POST /db/neo4j/query/v2 {"statement":"MATCH (n {name:';
    await using empty = await startNeo4jTwin([{ when: query, reply: '{"data":{"values":[]}}' }]);
    const none = await crossing(empty, find);
    expect(none.words["edge.api.store"]).toBe("failed false");
    expect(none.sentences["edge.api.store"]).toContain("0 rows in store");
    await using full = await startNeo4jTwin([{ when: query, reply: '{"data":{"values":[[1]]}}' }]);
    const early = await crossing(full, find);
    expect(early.sentences["edge.api.store"]).toContain("Found before anything was sent: 1 rows");
    const reply = '{"errors":[{"message":"Invalid input"}]}';
    await using wrong = await startNeo4jTwin([{ when: query, status: 400, reply }]);
    expect((await crossing(wrong, find)).sentences["edge.api.store"]).toContain("Invalid input");
  });
});

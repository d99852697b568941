import { describe, expect, it } from "vitest";
import { findIn } from "./edge-finders.ts";
import { edgeOf } from "./edge.fixture.ts";
import { edgeGap, edgeGaps } from "./edge-gaps.ts";
import { edgeItems } from "./edges.ts";
import { stackSchema } from "./manifest.ts";

const keys = { accessKey: "${env:KEY}", secretKey: "${env:KEY}", bucket: "bucket" };
const web = { url: "http://127.0.0.1:1" };
const services = {
  api: { kind: "http", ...web },
  db: { kind: "postgres", url: "postgres://127.0.0.1:1/x", user: "app" },
  series: { kind: "timescaledb", url: "postgres://127.0.0.1:1/x", user: "app" },
  cache: { kind: "redis", url: "redis://127.0.0.1:1" },
  objects: { kind: "s3", ...web, ...keys },
  artifacts: { kind: "minio", ...web, ...keys },
  graph: { kind: "neo4j", ...web },
  points: { kind: "qdrant", ...web },
  models: { kind: "mlflow", ...web },
};
const send = { path: "/items", json: { name: "$MARK" } };
const find = { sql: "select 1 from items where name = '$MARK'" };
const finds = [
  undefined,
  {},
  find,
  { key: "item:$MARK" },
  { cypher: "MATCH (n {name: '$MARK'}) RETURN n" },
  { points: { collection: "docs", field: "text" } },
];

const stackOf = (edge: object) => stackSchema.parse({ services, edges: [edge] });
const gapsOf = (edge: object): string[] => [...edgeGaps(stackOf(edge))].flat();

/** Whether the run would have a way to look, whatever it then finds at a closed port. */
async function canLook(stack: ReturnType<typeof stackOf>): Promise<boolean> {
  const { edge, context } = edgeOf(stack, "a-secret");
  return await findIn(context, edge, { mark: "mark", bytes: null }).then(
    (seen) => seen !== null,
    () => true,
  );
}

describe("what an edge lacks", () => {
  it("nothing, where it says what is sent and where it is found", () => {
    expect(gapsOf({ from: "api", to: "db", send, find })).toEqual([]);
  });

  it.each([
    [{}, "give `send` to api and `find.sql` in db"],
    [{ send }, "give `find.sql` in db"],
    [{ find }, "give `send` to api"],
  ])("%j is told with the claim that cannot be proven", (given, words) => {
    expect(gapsOf({ from: "api", to: "db", ...given })).toEqual(["stack.edge.api.db", words]);
  });

  it.each(["db", "series", "objects", "artifacts"])(
    "nothing from MLflow to %s, of which is known what crosses",
    (to) => {
      expect(gapsOf({ from: "models", to })).toEqual([]);
    },
  );

  it.each([
    ["cache", "key"],
    ["graph", "cypher"],
    ["points", "points"],
  ])("from MLflow to %s what is found there, which nobody knows", (to, form) => {
    expect(gapsOf({ from: "models", to })[1]).toBe(`give \`find.${form}\` in ${to}`);
  });

  it.each(["objects", "artifacts"])("in the bucket %s nothing but what is sent", (to) => {
    expect(gapsOf({ from: "api", to, send })).toEqual([]);
    expect(gapsOf({ from: "api", to })[1]).toBe("give `send` to api");
  });

  it("a `find` of the form its kind is asked by: that of another kind counts for none", () => {
    const [, words] = gapsOf({ from: "api", to: "graph", send, find });
    expect(words).toBe("give `find.cypher` in graph");
  });

  it("a way at all, into and out of kinds that have none", () => {
    const [, into] = gapsOf({ from: "models", to: "api", send, find });
    expect(into).toContain("nothing can be found in api (http): leave the edge out");
    const [, out] = gapsOf({ from: "cache", to: "db", send, find });
    expect(out).toContain("nothing can be sent through cache (redis): leave the edge out");
  });

  it("names claims by the ids that the plan declares", () => {
    const stack = stackOf({ from: "api", to: "db" });
    const declared = edgeItems(stack, 0.95).flatMap((item) => JSON.stringify(item));
    for (const id of edgeGaps(stack).keys()) expect(declared.join("")).toContain(`"${id}"`);
  });
});

describe("the plan and the run", () => {
  const pairs = ["api", "models"].flatMap((from) =>
    Object.keys(services).flatMap((to) => (from === to ? [] : [[from, to] as const])),
  );

  it.each(pairs)("agree of %s -> %s on every form of `find`", async (from, to) => {
    for (const given of finds) {
      const stack = stackOf({ from, to, send, ...(given === undefined ? {} : { find: given }) });
      const [edge] = stack.edges;
      if (edge === undefined) throw new Error("there is no such edge");
      const said = `${from} ${to} ${JSON.stringify(given)}`;
      expect(edgeGap(stack, edge) === null, said).toBe(await canLook(stack));
    }
  });
});

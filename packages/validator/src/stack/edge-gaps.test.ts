import { describe, expect, it } from "vitest";
import { edgeGaps } from "./edge-gaps.ts";
import { edgeItems } from "./edges.ts";
import { stackSchema } from "./manifest.ts";

const services = {
  api: { kind: "http", url: "http://127.0.0.1:1" },
  db: { kind: "postgres", url: "postgres://127.0.0.1:1/x", user: "app" },
  models: { kind: "mlflow", url: "http://127.0.0.1:2" },
};
const send = { path: "/items", json: { name: "$MARK" } };
const find = { sql: "select 1 from items where name = '$MARK'" };

const gapsOf = (edge: object): string[] =>
  [...edgeGaps(stackSchema.parse({ services, edges: [edge] }))].flat();

describe("what an edge lacks", () => {
  it("nothing, where it says what is sent and where it is found", () => {
    expect(gapsOf({ from: "api", to: "db", send, find })).toEqual([]);
  });

  it.each([
    [{}, "give `send` to api and `find` in db"],
    [{ send }, "give `find` in db"],
    [{ find }, "give `send` to api"],
  ])("%j is told with the claim that cannot be proven", (given, words) => {
    expect(gapsOf({ from: "api", to: "db", ...given })).toEqual(["stack.edge.api.db", words]);
  });

  it("nothing from MLflow, of which is known what crosses", () => {
    expect(gapsOf({ from: "models", to: "db" })).toEqual([]);
  });

  it("names claims by the ids that the plan declares", () => {
    const edges = [{ from: "api", to: "db" }];
    const stack = stackSchema.parse({ services, edges });
    const declared = edgeItems(stack, 0.95).flatMap((item) => JSON.stringify(item));
    for (const id of edgeGaps(stack).keys()) expect(declared.join("")).toContain(`"${id}"`);
  });
});

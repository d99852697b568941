import type { StackRule } from "../probe.ts";
import { recordsIn, valueIn } from "../wire/shape.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const key = "api-key-of-the-qdrant-twin";

/** A Qdrant of one collection at a time that finds by the largest product; not the real one. */
export async function startQdrantTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  let isThere = false;
  let points: readonly Readonly<Record<string, unknown>>[] = [];
  const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : []);
  const product = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, one, at) => sum + one * (b[at] ?? 0), 0);
  const stub = await startWebStub(
    rules,
    [
      { when: "GET / ", answer: jsonReply({ title: "qdrant - vector search", version: "1.12.4" }) },
      {
        when: "GET /collections/",
        answer: () => jsonReply({ result: isThere ? {} : null }, isThere ? 200 : 404),
      },
      { when: "GET /collections", answer: jsonReply({ result: { collections: [] } }) },
      {
        when: "PUT /collections",
        answer: ({ text }) => {
          isThere = true;
          points = recordsIn(JSON.parse(text), "points");
          return jsonReply({ result: true });
        },
      },
      {
        when: "POST /collections",
        answer: ({ text }) => {
          const query = numbers(valueIn(JSON.parse(text), "query"));
          const score = (point: object): number =>
            product(query, numbers(valueIn(point, "vector")));
          const sorted = points.toSorted((a, b) => score(b) - score(a));
          return jsonReply({ result: { points: sorted.slice(0, 1) } });
        },
      },
      {
        when: "DELETE /collections",
        answer: () => {
          isThere = false;
          return jsonReply({ result: true });
        },
      },
    ],
    {
      guard: ({ path, headers }) =>
        path === "/" || headers["api-key"] === key ? null : { status: 401, reply: "" },
    },
  );
  const service = {
    kind: "qdrant",
    url: stub.url,
    apiKey: "${env:QDRANT_KEY}",
    version: "1.12",
  };
  return {
    service,
    secrets: { QDRANT_KEY: key },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}

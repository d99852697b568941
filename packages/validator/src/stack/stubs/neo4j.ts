import type { StackRule } from "../probe.ts";
import { textIn } from "../wire/shape.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

const password = "password-of-the-neo4j-twin";

/** A Neo4j that counts the nodes it was told to write; not the real one. */
export async function startNeo4jTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  let nodes = 0;
  const known = `Basic ${Buffer.from(`app:${password}`).toString("base64")}`;
  const values = (value: number) => jsonReply({ data: { values: [[value]] } }, 202);
  const stub = await startWebStub(
    rules,
    [
      { when: "GET / ", answer: jsonReply({ neo4j_version: "5.26.0" }) },
      {
        when: "POST /db/neo4j/query/v2",
        answer: ({ text }) => {
          const statement = textIn(JSON.parse(text), "statement");
          if (statement.startsWith("CREATE")) return values((nodes += 1));
          if (!statement.includes("DELETE")) return values(statement === "RETURN 1" ? 1 : nodes);
          nodes = 0;
          return values(1);
        },
      },
    ],
    {
      guard: ({ path, headers }) =>
        path === "/" || headers.authorization === known
          ? null
          : jsonReply({ errors: [{ code: "Unauthorized" }] }, 401),
    },
  );
  const service = {
    kind: "neo4j",
    url: stub.url,
    user: "app",
    password: "${env:NEO4J_PASSWORD}",
    version: "5.26",
  };
  return {
    service,
    secrets: { NEO4J_PASSWORD: password },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}

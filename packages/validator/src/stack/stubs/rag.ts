import type { StackRule } from "../probe.ts";
import { textIn } from "../wire/shape.ts";
import type { StackTwin } from "./twin.ts";
import { jsonReply, startWebStub } from "./web.ts";

/** Documents by tenant, found when they hold the whole query. */
export async function startRagTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const held = new Map<string, { tenant: unknown; text: string }>();
  const stub = await startWebStub(rules, [
    {
      when: "POST /rag/documents",
      answer: ({ text, headers }) => {
        const body: unknown = JSON.parse(text);
        held.set(textIn(body, "id"), { tenant: headers["x-tenant"], text: textIn(body, "text") });
        return jsonReply({}, 201);
      },
    },
    {
      when: "POST /rag/query",
      answer: ({ text, headers }) => {
        const query = textIn(JSON.parse(text), "query");
        const own = [...held.values()].filter(({ tenant }) => tenant === headers["x-tenant"]);
        return jsonReply({ results: own.filter((one) => one.text.includes(query)) });
      },
    },
    {
      when: "DELETE /rag/documents/",
      answer: ({ path }) => {
        const there = held.delete(path.slice("/rag/documents/".length));
        return jsonReply({}, there ? 200 : 404);
      },
    },
  ]);
  return {
    service: { kind: "rag", url: stub.url, tenants: ["a", "b"] },
    secrets: {},
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}

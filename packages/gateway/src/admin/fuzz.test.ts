import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openApiDocument } from "./open-api.ts";
import { adminRoutes } from "./surfaces/table.ts";
import { callsOfAll, openWorld, type World } from "./world.fixture.ts";

const seed = 8;
const runs = 12;
const document = openApiDocument(adminRoutes);
const schemas = z.looseObject({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) });
const problem = z.fromJSONSchema(schemas.parse(document.components).schemas["Problem"] ?? {});
const content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));

let world: World;
let calls: Awaited<ReturnType<typeof callsOfAll>>;
beforeAll(async () => {
  world = await openWorld();
  calls = await callsOfAll(world);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Bodies near a valid one: members left out, replaced by anything, or added. */
function bodiesLike(valid: unknown): fc.Arbitrary<unknown> {
  const entries = Object.entries(typeof valid === "object" && valid ? valid : {});
  const near = fc.record(
    Object.fromEntries(
      entries.map(([name, value]) => [name, fc.oneof(fc.constant(value), fc.jsonValue())]),
    ),
    { requiredKeys: [] },
  );
  const odd = fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 2 }));
  return fc.oneof(
    near,
    fc.tuple(near, odd).map(([a, b]) => ({ ...a, ...b })),
    fc.jsonValue(),
  );
}

/** Odd queries, as a text after `?`. */
const queries = fc
  .dictionary(
    fc.constantFrom("limit", "after", "by", "order", "fromMs", "afterSeq", "tenantId", "x"),
    fc.oneof(fc.string({ maxLength: 12 }), fc.integer().map(String), fc.constantFrom("1", "asc")),
    { maxKeys: 3 },
  )
  .map((query) => new URLSearchParams(query).toString());

describe("answers under odd calls", () => {
  it.each(adminRoutes.map((route) => [route.surface.id, route] as const))(
    "%s answers only statuses and bodies its document names [R1-08]",
    async (id, route) => {
      const { call = "", body } = calls[id] ?? {};
      const operation = Object.values(document.paths)
        .flatMap((methods) => Object.values(methods))
        .find((one) => one.operationId === id);
      const isRead = route.surface.methods[0] === "GET";
      const odd = isRead
        ? fc.sample(queries, { seed, numRuns: runs }).map((query) => ({ query, sent: undefined }))
        : fc
            .sample(bodiesLike(body), { seed, numRuns: runs })
            .map((sent) => ({ query: "", sent: sent ?? {} }));
      for (const { query, sent } of odd) {
        const path = query === "" ? call : `${call.split("?")[0]}?${query}`;
        const answer = await world.ask(path, { body: sent });
        const said = `${path} ${JSON.stringify(sent)} -> ${answer.status} ${answer.text}`;
        const documented = operation?.responses[String(answer.status)];
        expect(documented, said).toBeDefined();
        expect(answer.status, said).not.toBe(500);
        const type = answer.status < 300 ? "application/json" : "application/problem+json";
        expect(answer.type, said).toBe(type);
        const own = content.parse(documented?.content)[type]?.schema ?? {};
        const check = answer.status < 300 ? z.fromJSONSchema(own) : problem;
        expect(check.safeParse(answer.body).error, said).toBeUndefined();
      }
    },
  );
});

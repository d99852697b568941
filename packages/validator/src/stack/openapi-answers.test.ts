import { describe, expect, it } from "vitest";
import type { StackRule } from "./probe.ts";
import { runStackPlan, type StackResult } from "./stack.fixture.ts";
import { jsonReply, startWebStub, type WebReply } from "./stubs/web.ts";
import { plannedCalls } from "./wire/openapi-calls.ts";

const named = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const content = (schema: object) => ({ content: { "application/json": { schema } } });

/** An API with one route, its document and what it answers. */
async function judged(
  document: object,
  answer: WebReply,
  rules: readonly StackRule[] = [],
): Promise<StackResult> {
  await using stub = await startWebStub(rules, [
    { when: "GET /health", answer: jsonReply({ status: "ok" }) },
    { when: "GET /openapi.json", answer: jsonReply({ openapi: "3.1.0", ...document }) },
    { when: "GET /things", answer },
  ]);
  const it_ = { kind: "http", url: stub.url, openapi: "/openapi.json" };
  return await runStackPlan({ timeoutMs: 10_000, services: { it: it_ } });
}

const things = (responses: object, components: object = {}): object => ({
  components,
  paths: { "/things": { get: { responses } } },
});

describe("an answer is held against its declaration [R1-08]", () => {
  const schemas = {
    Thing: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
  };

  it("behind a reference of the response itself", async () => {
    const responses = { "200": { $ref: "#/components/responses/Thing" } };
    const components = { schemas, responses: { Thing: content(named("Thing")) } };
    const good = await judged(things(responses, components), jsonReply({ id: 1 }));
    expect(good.words["it.openapi"]).toBe("passed");
    const bad = await judged(things(responses, components), jsonReply({ id: "one" }));
    expect(bad.words["it.openapi"]).toBe("failed false");
    expect(bad.sentences["it.openapi"]).toContain("body.id is string, not integer");
  });

  it("behind a reference whose words are escaped", async () => {
    const responses = { "200": content({ $ref: "#/components/schemas/a~1b~0c" }) };
    const components = { schemas: { "a/b~c": { type: "array" } } };
    const bad = await judged(things(responses, components), jsonReply({}));
    expect(bad.sentences["it.openapi"]).toContain("body is object, not array");
  });

  it("and a reference that leads nowhere is a fault of the document", async () => {
    for (const responses of [
      { "200": content(named("Gone")) },
      { "200": { $ref: "#/components/responses/Gone" } },
    ]) {
      const { words, sentences } = await judged(things(responses), jsonReply({ id: 1 }));
      expect(words["it.openapi"]).toBe("failed false");
      expect(sentences["it.openapi"]).toContain("Gone");
    }
  });

  it.each([
    ["cut in the middle", '{"id": 1'],
    ["empty", ""],
    ["of a page", "<html>welcome</html>"],
  ])("a body that is no JSON is none of any schema: %s", async (_, reply) => {
    const responses = { "200": content({ properties: { id: { type: "integer" } } }) };
    const { words, sentences } = await judged(things(responses), { reply });
    expect(words["it.openapi"]).toBe("failed false");
    expect(sentences["it.openapi"]).toContain("no JSON");
  });

  it("a status nobody declared is a fault, and a range or a default declares it", async () => {
    const teapot = jsonReply({}, 418);
    const ok = content({ type: "object" });
    for (const [key, word] of [
      ["200", "failed false"],
      ["4XX", "passed"],
      ["418", "passed"],
      ["default", "passed"],
    ] as const) {
      const { words } = await judged(things({ [key]: ok }), teapot);
      expect(words["it.openapi"], key).toBe(word);
    }
  });

  it("a server error is a fault, though it is declared", async () => {
    const { words, sentences } = await judged(things({ "500": {} }), jsonReply({}, 500));
    expect(words["it.openapi"]).toBe("failed false");
    expect(sentences["it.openapi"]).toContain("GET /things: answered 500");
  });

  it("an answer of another type than the declared JSON is a fault", async () => {
    const responses = { "200": content({ type: "object" }) };
    const headers = { "content-type": "text/html" };
    const { sentences } = await judged(things(responses), { reply: "{}", headers });
    expect(sentences["it.openapi"]).toContain("answered no JSON");
  });

  it.each([["application/json;charset=UTF-8"], ["Application/JSON"], ["application/*"], ["*/*"]])(
    "a body declared as %s is held against its schema",
    async (key) => {
      const schema = { type: "object", required: ["id"] };
      const responses = { "200": { content: { [key]: { schema } } } };
      expect((await judged(things(responses), jsonReply({ id: 1 }))).words["it.openapi"]).toBe(
        "passed",
      );
      const { words, sentences } = await judged(things(responses), jsonReply({}));
      expect(words["it.openapi"]).toBe("failed false");
      expect(sentences["it.openapi"]).toContain("body.id is missing");
    },
  );

  it("the closest of several declared types is the one that counts", async () => {
    const content_ = {
      "*/*": { schema: { type: "array" } },
      "application/json": { schema: { type: "object" } },
      "text/html": {},
    };
    const responses = { "200": { content: content_ } };
    expect((await judged(things(responses), jsonReply({}))).words["it.openapi"]).toBe("passed");
    const page = { reply: "<html>", headers: { "content-type": "text/html; charset=utf-8" } };
    expect((await judged(things(responses), page)).words["it.openapi"]).toBe("passed");
  });

  it("a type that is not declared is a fault, JSON where none is declared too", async () => {
    const responses = { "200": { content: { "text/csv": {} } } };
    const { words, sentences } = await judged(things(responses), jsonReply({}));
    expect(words["it.openapi"]).toBe("failed false");
    expect(sentences["it.openapi"]).toContain("answered application/json, which is not declared");
  });

  it("a document that is no OpenAPI 3, is not there, or hangs is a failure", async () => {
    const fits = things({ "200": {} });
    for (const rule of [
      { when: "GET /openapi.json", reply: '{"paths":{"/things":{"get":{}}}}' },
      { when: "GET /openapi.json", reply: '{"openapi":"2.9","paths":{"/things":{"get":{}}}}' },
      { when: "GET /openapi.json", status: 404, reply: '{"openapi":"3.1.0","paths":{}}' },
      { when: "GET /openapi.json", reply: '{"openapi":"3.1.0","paths":{"/things":{"ge' },
      { when: "GET /openapi.json", reply: "" },
    ]) {
      const { words } = await judged(fits, jsonReply({}), [rule]);
      expect(words["it.openapi"], rule.reply).toBe("failed false");
    }
  });

  it("a document of Swagger 2 is none that this check reads: not tested, by its version", async () => {
    const reply = '{"swagger":"2.0","paths":{"/things":{"get":{}}}}';
    const rule = { when: "GET /openapi.json", reply };
    const { words, sentences } = await judged(things({ "200": {} }), jsonReply({}), [rule]);
    expect(words["it.openapi"]).toBe("not_tested capability_missing");
    expect(sentences["it.openapi"]).toContain("is of Swagger 2.0");
  });

  it("operations that were not asked are counted beside those that were", async () => {
    const document = {
      paths: {
        "/things": { get: { responses: { "200": {} } } },
        "/things/{id}": { get: { responses: { "200": {} } } },
      },
    };
    const { words, evidence } = await judged(document, jsonReply({}));
    expect(words["it.openapi"]).toBe("passed");
    expect(evidence).toContain("1 operations and 0 wrong values answered as declared; 1 were not");
  });
});

describe("what of a declaration nobody judged keeps the claim open [R1-08]", () => {
  const thing = (schema: object) => things({ "200": content(schema) });
  const look = async (schema: object, value: unknown, more: object = {}): Promise<string> => {
    const { words, sentences } = await judged({ ...thing(schema), ...more }, jsonReply(value));
    return `${words["it.openapi"]}: ${sentences["it.openapi"]}`;
  };

  it("a word that is not known is named with its place and its call, and not passed", async () => {
    const schema = { properties: { id: { type: "string", quantumState: "up" } } };
    expect(await look(schema, { id: "a" })).toMatch(
      /^not_tested capability_missing: .*not judged: quantumState of body\.id \(GET \/things\)/,
    );
    expect(await look(schema, { id: 1 })).toMatch(/^failed false: .*body\.id is integer/);
    // Of what is not there nothing was left open.
    expect(await look(schema, {})).toMatch(/^passed/);
  });

  it("an unknown format, a reference elsewhere and a pattern that takes for ever are not passed", async () => {
    expect(await look({ type: "string", format: "isbn" }, "x")).toMatch(
      /^not_tested .*isbn of body/,
    );
    expect(await look({ $ref: "thing.json" }, {})).toMatch(/^not_tested .*thing\.json/);
    const slow = { type: "string", pattern: "^(a+)+$" };
    expect(await look(slow, `${"a".repeat(60)}b`)).toMatch(/^not_tested .*takes more than/);
  }, 20_000);

  it("a body that is no JSON is held against a schema of texts, and no other", async () => {
    const plain = (schema: object, reply: string) =>
      judged(things({ "200": { content: { "text/plain": { schema } } } }), {
        reply,
        headers: { "content-type": "text/plain" },
      });
    const short = { type: "string", maxLength: 3 };
    expect((await plain(short, "abc")).words["it.openapi"]).toBe("passed");
    expect((await plain(short, "abcd")).words["it.openapi"]).toBe("failed false");
    const other = await plain({ type: "object" }, "a=1");
    expect(other.words["it.openapi"]).toBe("not_tested capability_missing");
    expect(other.sentences["it.openapi"]).toContain("the body of text/plain");
  });

  it.each([
    ["is not there", {}, "failed false", "has no header X-Limit"],
    ["is of another type", { "x-limit": "many" }, "failed false", "header X-Limit is string"],
    ["is as declared", { "x-limit": "5" }, "passed", ""],
  ])("a declared header that %s", async (_, headers, word, said) => {
    const limit = { required: true, schema: { type: "integer" } };
    const responses = { "200": { headers: { "X-Limit": limit } } };
    const { words, sentences } = await judged(things(responses), { reply: "{}", headers });
    expect(words["it.openapi"]).toBe(word);
    expect(sentences["it.openapi"]).toContain(said);
  });

  it.each([
    [
      "that leads nowhere",
      { schema: named("Gone") },
      /^failed .*header X-Limit .*leads to nothing/,
    ],
    ["that leads elsewhere", { schema: { $ref: "other.json#/A" } }, /^not_tested .*header X-Limit/],
    ["of several types", { schema: { type: ["integer", "null"] } }, /^not_tested .*header X-Limit/],
    ["within a type of media", { content: { "text/plain": {} } }, /^not_tested .*header X-Limit/],
    ["that asks nothing", { schema: {} }, /^passed/],
    ["that is not there", {}, /^passed/],
  ])("a header whose schema is one %s", async (_, header, said) => {
    const responses = { "200": { headers: { "X-Limit": header } } };
    const answer = { reply: "{}", headers: { "x-limit": "5" } };
    const { words, sentences } = await judged(things(responses), answer);
    expect(`${words["it.openapi"]}: ${sentences["it.openapi"]}`).toMatch(said);
  });

  it("the words of OpenAPI 3.0 hold in a document of 3.0 alone", async () => {
    const schema = { type: "string", nullable: true };
    expect(await look(schema, null, { openapi: "3.0.3" })).toMatch(/^passed/);
    expect(await look(schema, null)).toMatch(/^failed false: .*nullable is a word of OpenAPI 3\.0/);
  });
});

describe("calls of a document", () => {
  it("are a hundred at most, and what is left is counted", () => {
    const paths = Object.fromEntries(
      Array.from({ length: 130 }, (_, at) => [`/a${at}`, { get: {} }] as const),
    );
    const { calls, left } = plannedCalls({ paths });
    expect(calls).toHaveLength(100);
    expect(left).toBe(30);
  });

  it("take a parameter behind an escaped reference", () => {
    const document = {
      components: { parameters: { "a/b": { name: "p", in: "query", example: "v" } } },
      paths: { "/x": { get: { parameters: [{ $ref: "#/components/parameters/a~1b" }] } } },
    };
    expect(plannedCalls(document).calls.map(({ path }) => path)).toEqual(["/x?p=v"]);
  });

  it("take a parameter behind a percent-encoded reference, a malformed one as it stands", () => {
    const named = { "a`1": "p", "a/{b}": "q", "50%": "r" };
    const references = ["a%601", "a~1%7Bb%7D", "50%"];
    const parameters = Object.fromEntries(
      Object.entries(named).map(([key, name]) => [key, { name, in: "query", example: "v" }]),
    );
    const used = references.map((one) => ({ $ref: `#/components/parameters/${one}` }));
    const paths = { "/x": { get: { parameters: used } } };
    const { calls } = plannedCalls({ components: { parameters }, paths });
    expect(calls.map(({ path }) => path)).toEqual(["/x?p=v&q=v&r=v"]);
  });

  it("leave what needs a header of its own, and take values of every place of an example", () => {
    const of = (parameter: object): object => ({ get: { parameters: [parameter] } });
    const document = {
      paths: {
        "/a": of({ name: "h", in: "header", required: true, example: "v" }),
        "/b": of({ name: "q", in: "query", required: true, examples: { one: { value: 3 } } }),
        "/c": of({ name: "q", in: "query", required: true, schema: { enum: ["x"] } }),
        "/d": of({ name: "q", in: "query", schema: {} }),
      },
    };
    const { calls, left } = plannedCalls(document);
    expect(calls.map(({ path }) => path)).toEqual(["/b?q=3", "/c?q=x", "/d"]);
    expect(left).toBe(1);
  });

  it("of what is no document are none", () => {
    for (const document of [undefined, null, [], { paths: [] }, { paths: { "/a": null } }]) {
      expect(plannedCalls(document)).toEqual({ calls: [], left: 0 });
    }
  });
});

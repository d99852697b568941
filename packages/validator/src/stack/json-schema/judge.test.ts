import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSchemaJudge } from "./judge.ts";

const named = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const later = { openapi: "3.1.0" };

/** A schema with two branches; written as pairs, for an object with `then` is taken for a promise. */
const branched = (...schemas: readonly unknown[]): object =>
  Object.fromEntries(["if", "then", "else"].map((name, at) => [name, schemas[at] ?? true]));

/** How a value differs, `open: ...` where that was not judged, or null. */
function said(schema: unknown, value: unknown, document: object = later): string | null {
  const { fault, open } = createSchemaJudge(document).judge(schema, value);
  return fault ?? (open.length === 0 ? null : `open: ${open.join("; ")}`);
}

describe("a schema is judged word by word", () => {
  it.each([
    [{ type: "string" }, 1, "body is integer, not string"],
    [{ type: ["string", "null"] }, null, null],
    [{ type: "number" }, 1, null],
    [{ type: "integer" }, 1.5, "body is number, not integer"],
    [{ enum: ["a", "b"] }, "c", "body is none of the enum"],
    [{ enum: [{ a: 1 }, "b"] }, { a: 1 }, null],
    [{ const: 1 }, 2, "body is not the one value"],
    [{ const: { a: [1] } }, { a: [1] }, null],
    [{ minimum: 2 }, 1, "body is under its minimum"],
    [{ minimum: 1, maximum: 2 }, 2, null],
    [{ maximum: 2 }, 3, "body is over its maximum"],
    [{ exclusiveMinimum: 2 }, 2, "body is not over its exclusiveMinimum"],
    [{ exclusiveMinimum: 2 }, 2.1, null],
    [{ minimum: 2, exclusiveMinimum: true }, 2, "body is not over its exclusiveMinimum"],
    [{ minimum: 2, exclusiveMinimum: false }, 2, null],
    [{ exclusiveMaximum: 2 }, 2, "body is not under its exclusiveMaximum"],
    [{ maximum: 2, exclusiveMaximum: true }, 2, "body is not under its exclusiveMaximum"],
    [{ multipleOf: 0.1 }, 0.3, null],
    [{ multipleOf: 3 }, 7, "body is no multiple of its multipleOf"],
    [{ multipleOf: 3 }, 0, null],
    [{ multipleOf: 2 }, 1_000_000_001, "body is no multiple of its multipleOf"],
    [{ multipleOf: 0.01 }, 19_999_999.99, null],
    [{ multipleOf: 0.01 }, 19_999_999.995, "body is no multiple of its multipleOf"],
    [{ minLength: 2 }, "é", "body is under its minLength"],
    [{ maxLength: 2 }, "abc", "body is over its maxLength"],
    [{ pattern: "^[a-z]+$" }, "ab", null],
    [{ pattern: "^[a-z]+$" }, "a1", "body does not match its pattern"],
    [{ pattern: "^[a-z]+$" }, 7, null],
    [{ minItems: 1 }, [], "body has under its minItems"],
    [{ maxItems: 1 }, [1, 2], "body has over its maxItems"],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      "body holds one item twice",
    ],
    [{ uniqueItems: true }, [1, "1"], null],
    [{ items: { type: "string" } }, ["a", 1], "body[1] is integer, not string"],
    [{ items: false }, [1], "body[0] is not allowed"],
    [{ prefixItems: [{ type: "string" }] }, [1], "body[0] is integer, not string"],
    [{ prefixItems: [{}], items: { type: "string" } }, [1, 2], "body[1] is integer, not string"],
    [{ contains: { const: 1 } }, [2, 3], expect.stringContaining("body holds 0 items")],
    [{ contains: { const: 1 }, maxContains: 1 }, [1, 1], expect.stringContaining("holds 2 items")],
    [{ contains: { const: 1 }, minContains: 0 }, [2], null],
    [{ minProperties: 1 }, {}, "body has under its minProperties"],
    [{ maxProperties: 1 }, { a: 1, b: 1 }, "body has over its maxProperties"],
    [{ required: ["a"] }, {}, "body.a is missing"],
    [{ required: ["toString"] }, {}, "body.toString is missing"],
    [{ required: ["a"], properties: { a: { writeOnly: true } } }, {}, null],
    [{ additionalProperties: false }, { b: 1 }, "body.b is not declared"],
    [{ additionalProperties: { type: "integer" } }, { b: "x" }, "body.b is string, not integer"],
    [{ properties: { a: {} }, additionalProperties: false }, { a: "any" }, null],
    [
      { patternProperties: { "^x": { type: "integer" } } },
      { x1: "a" },
      "body.x1 is string, not integer",
    ],
    [{ patternProperties: { "^x": {} }, additionalProperties: false }, { x1: "a" }, null],
    [
      { patternProperties: { "^x": {} }, additionalProperties: false },
      { y: 1 },
      "body.y is not declared",
    ],
    [{ propertyNames: { maxLength: 2 } }, { abc: 1 }, "the name body.abc is over its maxLength"],
    [{ dependentRequired: { a: ["b"] } }, { a: 1 }, "body.b is missing"],
    [{ dependentRequired: { a: ["b"] } }, {}, null],
    [{ dependentSchemas: { a: { required: ["b"] } } }, { a: 1 }, "body.b is missing"],
    [{ allOf: [{ type: "object" }, { required: ["a"] }] }, {}, "body.a is missing"],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, 1, "body fits none of its alternatives"],
    [{ anyOf: [{ type: "number" }, { type: "integer" }] }, 1, null],
    [{ oneOf: [{ type: "string" }, { type: "integer" }] }, 1, null],
    [{ oneOf: [{ type: "string" }] }, 1, "body fits none of its alternatives"],
    [
      { oneOf: [{ type: "number" }, { type: "integer" }] },
      1,
      "body fits 2 of its alternatives, of which it is to fit one",
    ],
    [{ not: { type: "string" } }, "a", "body is what it is not to be"],
    [{ not: { type: "string" } }, 1, null],
    [branched({ type: "string" }, { minLength: 2 }), "a", "body is under its minLength"],
    [branched({ type: "string" }, true, { minimum: 2 }), 1, "body is under its minimum"],
    [branched({ type: "string" }, { minLength: 2 }), 1, null],
    [false, 1, "body is not allowed"],
    [true, 1, null],
    [undefined, 1, null],
  ])("%j of %j is %j", (schema, value, fault) => {
    expect(said(schema, value)).toEqual(fault);
  });

  it("names the first member that differs, by its path", () => {
    const item = { type: "object", required: ["id"], properties: { id: { type: "integer" } } };
    const document = { ...later, components: { schemas: { Item: item } } };
    const schema = { type: "array", items: named("Item") };
    expect(said(schema, [{ id: 1 }, { id: 2 }], document)).toBeNull();
    expect(said(schema, [{ id: 1 }, { id: "2" }], document)).toBe(
      "body[1].id is string, not integer",
    );
    expect(said(schema, [{ id: 1 }, {}], document)).toBe("body[1].id is missing");
  });

  it("every item of a long list is looked at, not the first hundred alone", () => {
    const value = [...Array.from({ length: 500 }, () => "a"), 1];
    expect(said({ items: { type: "string" } }, value)).toBe("body[500] is integer, not string");
    expect(said({ uniqueItems: true }, [...Array(300).keys(), 7])).toBe(
      "body holds one item twice",
    );
  });

  it("fits every value when it says nothing, and none of another type", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(said({}, value)).toBeNull();
        if (typeof value !== "string") expect(said({ type: "string" }, value)).not.toBeNull();
      }),
    );
  });
});

describe("what is beside a reference", () => {
  const document = (openapi: string) => ({
    openapi,
    components: { schemas: { A: { type: "string", nullable: true }, B: { type: "string" } } },
  });

  it("counts from 3.1 on, and not in 3.0", () => {
    const schema = { ...named("B"), maxLength: 1 };
    expect(said(schema, "ab", document("3.1.0"))).toBe("body is over its maxLength");
    expect(said(schema, "ab", document("3.0.3"))).toBeNull();
  });

  it("nullable lets null in in 3.0 alone, behind allOf and in a list of values too", () => {
    for (const schema of [
      named("A"),
      { nullable: true, allOf: [named("B")] },
      { type: "string", nullable: true, enum: ["a"] },
    ]) {
      expect(said(schema, null, document("3.0.3")), JSON.stringify(schema)).toBeNull();
      expect(said(schema, null, document("3.1.0")), JSON.stringify(schema)).not.toBeNull();
    }
  });
});

describe("a reference", () => {
  it("that leads nowhere is a fault of the document, one that leads elsewhere is not followed", () => {
    expect(said(named("Gone"), 1)).toContain("which leads to nothing in the document");
    expect(said({ $ref: "other.json#/A" }, {})).toBe(
      "open: body, declared by other.json#/A, which is not followed",
    );
    expect(said({ $ref: 7 }, {})).toMatch(/^open: \$ref of body/);
  });

  it("that leads round ends, once or twice at each step, and is not passed", () => {
    for (const count of [1, 2, 3]) {
      const allOf = Array.from({ length: count }, () => named("Loop"));
      const document = { ...later, components: { schemas: { Loop: { allOf } } } };
      expect(said(named("Loop"), 1, document)).toMatch(/^open: body (below|after)/);
    }
  });

  it("to itself follows a value as deep as it goes", () => {
    const document = {
      ...later,
      components: { schemas: { A: { properties: { a: named("A") } } } },
    };
    let value: object = { a: 1 };
    for (let depth = 0; depth < 40; depth++) value = { a: value };
    expect(said(named("A"), value, document)).toBeNull();
  });
});

describe("what nobody judged", () => {
  const open = { type: "string", unheardOf: 1 };

  it.each([
    [{ unevaluatedProperties: false }, {}, "unevaluatedProperties of body"],
    [{ $dynamicRef: "#x" }, {}, "$dynamicRef of body"],
    [{ items: [{}] }, [1], "items of body, a list, which is of an older draft"],
    [{ minLength: "3" }, "a", "minLength of body, which is not as JSON Schema has it"],
    [{ type: 7 }, "a", "type of body, which is not as JSON Schema has it"],
    [{ allOf: {} }, "a", "allOf of body, which is not as JSON Schema has it"],
    [{ pattern: "(?P<a>b)" }, "a", expect.stringContaining("no regular expression")],
    [{ format: "isbn" }, "a", "the format isbn of body"],
    ["nothing", 1, "the schema of body, which is none"],
  ])("%j of %j: %s", (schema, value, what) => {
    expect(createSchemaJudge(later).judge(schema, value)).toEqual({ fault: null, open: [what] });
  });

  it("is not told of words that say something and ask nothing", () => {
    const words = { title: "a", "x-order": 1, example: 2, readOnly: true, description: "b" };
    expect(said({ ...words, default: 1, deprecated: true, $comment: "c" }, 1)).toBeNull();
  });

  it("never hides a fault beside it, nor what it does not rest on", () => {
    expect(said({ ...open, maxLength: 1 }, "ab")).toBe("body is over its maxLength");
    expect(said({ anyOf: [open, { type: "string" }] }, "a")).toBeNull();
    expect(said({ oneOf: [{ type: "string" }, { type: "string" }, open] }, "a")).toContain(
      "fits 2",
    );
    expect(said({ not: open }, 1)).toBeNull();
  });

  it("keeps open what rests on it", () => {
    for (const schema of [
      { anyOf: [open, { type: "integer" }] },
      { oneOf: [open, { type: "string" }] },
      { not: open },
      branched(open, { maxLength: 1 }),
      { contains: open },
    ]) {
      const value = "contains" in schema ? ["ab"] : "ab";
      expect(said(schema, value), JSON.stringify(schema)).toMatch(/^open: unheardOf/);
    }
    expect(said(branched(open, { minLength: 1 }, { minLength: 2 }), "ab")).toBeNull();
  });

  it.each([
    ["too large to be compiled", "[a-z]".repeat(300_000), "a".repeat(400_000)],
    ["whose way back is too long to keep", "^(?:(.)|b)*$", "a".repeat(20_000_000)],
  ])("a pattern %s is not judged, and breaks nothing", (_, pattern, text) => {
    const { fault, open } = createSchemaJudge(later).judge({ pattern }, text);
    expect(fault).toBeNull();
    expect(open.join()).toMatch(/too much on|takes more than/);
  });

  it("patterns are tried on so many texts, one text once, and what is beyond is not passed", () => {
    const { judge } = createSchemaJudge(later);
    const items = { pattern: "^[a-z0-9]+$" };
    const same = Array.from({ length: 30_000 }, () => "a");
    expect(judge({ items }, same)).toEqual({ fault: null, open: [] });
    const { fault, open } = judge({ items }, [...Array(20_001).keys()].map(String));
    expect(fault).toBeNull();
    expect(open.join()).toContain("after 20000 texts");
    expect(judge({ items }, same)).toEqual({ fault: null, open: [] });
  }, 60_000);

  it("patterns are tried no more once three took too long, and a plain one is not lost by it", () => {
    const { judge } = createSchemaJudge(later);
    const text = `${"a".repeat(60)}b`;
    expect(judge({ pattern: "^a+b$" }, text).fault).toBeNull();
    const slow = ["^(a+)+$", "^(a|a)+$", "^(a*)*$"].map((pattern) => judge({ pattern }, text).open);
    expect(slow.flat()).toEqual(slow.map(() => expect.stringContaining("takes more than")));
    expect(judge({ pattern: "^(a+)+c$" }, text).open[0]).toContain("after 3 patterns");
  }, 20_000);
});

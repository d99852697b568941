/** The judge beside another implementation of JSON Schema 2020-12, on schemas made by chance. */
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSchemaJudge } from "./judge.ts";

const names = fc.constantFrom("a", "b", "c");
const small = fc.integer({ min: 0, max: 3 });
const scalars = fc.constantFrom<unknown>(null, true, false, 0, 1, 2.5, -3, "", "a", "ab", "b1");

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    scalars,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(names, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const types = fc.constantFrom("null", "boolean", "integer", "number", "string", "array", "object");

const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const inner = tie("schema");
  const several = fc.array(inner, { minLength: 1, maxLength: 3 });
  const asked = fc.dictionary(names, inner, { maxKeys: 2 });
  const words = fc.record(
    {
      type: fc.oneof(types, fc.uniqueArray(types, { minLength: 1, maxLength: 3 })),
      enum: fc.uniqueArray(scalars, { minLength: 1, maxLength: 4 }),
      const: scalars,
      minimum: small,
      maximum: small,
      exclusiveMinimum: small,
      exclusiveMaximum: small,
      multipleOf: fc.integer({ min: 1, max: 3 }),
      minLength: small,
      maxLength: small,
      pattern: fc.constantFrom("^a", "b$", "[0-9]", "^$"),
      minItems: small,
      maxItems: small,
      uniqueItems: fc.boolean(),
      minProperties: small,
      maxProperties: small,
      required: fc.uniqueArray(names, { maxLength: 2 }),
      dependentRequired: fc.dictionary(names, fc.uniqueArray(names, { maxLength: 2 })),
      properties: asked,
      patternProperties: fc.dictionary(fc.constantFrom("^a", "b", "[ac]"), inner, { maxKeys: 2 }),
      additionalProperties: inner,
      propertyNames: inner,
      dependentSchemas: asked,
      prefixItems: several,
      items: inner,
      contains: inner,
      minContains: small,
      maxContains: small,
      allOf: several,
      anyOf: several,
      oneOf: several,
      not: inner,
      ...Object.fromEntries(["if", "then", "else"].map((name) => [name, inner])),
    },
    { requiredKeys: [] },
  );
  // Each word alone is of few values: most of what is drawn has two or three.
  const few = fc
    .tuple(words, fc.infiniteStream(fc.nat(8)))
    .map(([all, dice]) =>
      Object.fromEntries(Object.entries(all).filter(() => dice.next().value === 0)),
    );
  return { schema: fc.oneof({ maxDepth: 2 }, fc.boolean(), few, few, few) };
});

describe("another implementation of JSON Schema (ajv)", () => {
  it("is of one mind with the judge on every word that both know", () => {
    let kept = 0;
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    fc.assert(
      fc.property(schema, value, (drawn, held) => {
        // Read back from text: objects like those of an answer.
        const plain: boolean | object = JSON.parse(JSON.stringify(drawn));
        const { fault, open } = createSchemaJudge({ openapi: "3.1.0" }).judge(plain, held);
        const theirs = ajv.validate(plain, held);
        ajv.removeSchema();
        if (theirs) kept++;
        expect({ open, fits: fault === null, plain, held }).toEqual({
          open: [],
          fits: theirs,
          plain,
          held,
        });
      }),
      { numRuns: 1_000, seed: 2, endOnFailure: true },
    );
    // Of a generator whose schemas nothing fits both would say the same.
    expect(kept).toBeGreaterThan(200);
    expect(kept).toBeLessThan(800);
  }, 60_000);
});

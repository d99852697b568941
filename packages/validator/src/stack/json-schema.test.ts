import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { schemaFault } from "./json-schema.ts";

const document = {
  components: {
    schemas: {
      Item: {
        type: "object",
        required: ["id"],
        properties: { id: { type: "integer" }, name: { type: ["string", "null"] } },
        additionalProperties: false,
      },
      Loop: { allOf: [{ $ref: "#/components/schemas/Loop" }] },
    },
  },
};
const items = { type: "array", items: { $ref: "#/components/schemas/Item" } };

describe("an answer against its schema", () => {
  it("names the first member that differs, by its path", () => {
    expect(schemaFault(document, items, [{ id: 1, name: null }])).toBeNull();
    expect(schemaFault(document, items, [{ id: 1 }, { id: "2" }])).toBe(
      "body[1].id is string, not integer",
    );
    expect(schemaFault(document, items, [{ name: "a" }])).toBe("body[0].id is missing");
    expect(schemaFault(document, items, [{ id: 1, more: 1 }])).toBe("body[0].more is not declared");
    expect(schemaFault(document, { enum: ["a"] }, "b")).toBe("body is none of the enum");
    expect(schemaFault(document, { anyOf: [{ type: "string" }] }, 1)).toContain("none of its");
    expect(schemaFault(document, { const: 1 }, 2)).toBe("body is not the one value");
    expect(schemaFault(document, { minimum: 1 }, 0)).toBe("body is under its minimum");
    expect(schemaFault(document, { maxLength: 2 }, "abc")).toBe("body is over its maxLength");
    expect(schemaFault(document, { minItems: 1 }, [])).toBe("body has under its minItems");
    expect(schemaFault(document, { minimum: 1, maximum: 2 }, 2)).toBeNull();
    expect(schemaFault(document, { type: "string", nullable: true }, null)).toBeNull();
  });

  it("a schema that leads to itself ends", () => {
    expect(schemaFault(document, { $ref: "#/components/schemas/Loop" }, 1)).toBeNull();
  });

  it("fits every value when it says nothing, and none of another type", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(schemaFault({}, {}, value)).toBeNull();
        if (typeof value !== "string")
          expect(schemaFault({}, { type: "string" }, value)).not.toBeNull();
      }),
    );
  });
});

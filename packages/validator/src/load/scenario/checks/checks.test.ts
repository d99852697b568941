import { describe, expect, it } from "vitest";
import { viewOf } from "./check.ts";
import { checkHolds, checkNeeds, checkSchema, loadChecks } from "./table.ts";

const spec = (of: Record<string, unknown>): ReturnType<typeof checkSchema.parse> =>
  checkSchema.parse({ name: "c", ...of });

/** `within` is a duration in a plan, ms once parsed. */
const written = (id: string, wanted: unknown): unknown =>
  id === "within" ? `${String(wanted)}ms` : wanted;

describe("checks", () => {
  it.each(Object.values(loadChecks))(
    "$id holds for its clean answer and not for its broken one",
    (check) => {
      const { wanted, clean, broken } = check.saboteur;
      const one = spec({ [check.id]: written(check.id, wanted) });
      expect(checkHolds(one, viewOf(clean))).toBe(true);
      expect(checkHolds(one, viewOf(broken))).toBe(false);
    },
  );

  it("the table, the schema and the ids name the same kinds", () => {
    const keys = Object.keys(checkSchema.shape).filter(
      (key) => key !== "name" && key !== "required",
    );
    expect(keys).toEqual(Object.keys(loadChecks));
    expect(Object.entries(loadChecks).map(([key, { id }]) => key === id)).not.toContain(false);
  });

  it("all conditions of a check must hold together", () => {
    const both = spec({ status: 200, contains: "yes" });
    expect(checkHolds(both, viewOf({ body: "yes" }))).toBe(true);
    expect(checkHolds(both, viewOf({ body: "yes", status: 201 }))).toBe(false);
    expect(checkHolds(both, viewOf({ body: "no" }))).toBe(false);
  });

  it("only a check that reads the body keeps it", () => {
    expect(checkNeeds(spec({ status: 200, header: { "x-a": "" } }))).toBe("head");
    expect(checkNeeds(spec({ status: 200, json: { a: 1 } }))).toBe("body");
  });

  it("a body that is no JSON, half of one or of another shape holds no JSON check", () => {
    const json = spec({ json: { "a.b": 1 } });
    for (const body of ["", "{", "[]", '{"a":1}', '{"a":{"b":"1"}}', '"a"', "null"]) {
      expect(checkHolds(json, viewOf({ body }))).toBe(false);
    }
    expect(checkHolds(json, viewOf({ body: '{"a":{"b":1}}' }))).toBe(true);
    expect(checkHolds(spec({ json: { "__proto__.x": null } }), viewOf({ body: "{}" }))).toBe(false);
  });

  it.each([
    [{}, "asks for nothing"],
    [{ required: true }, "asks for nothing"],
    [{ status: 99 }, "Too small"],
    [{ status: [] }, "Too small"],
    [{ contains: "" }, "Too small"],
    [{ within: 5 }, "write a duration"],
    [{ stauts: 200 }, "stauts"],
  ])("%j is refused", (of, message) => {
    const parsed = checkSchema.safeParse({ name: "c", ...of });
    expect(parsed.error?.message).toContain(message);
  });
});

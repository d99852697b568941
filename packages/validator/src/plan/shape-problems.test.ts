import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readValue } from "./yaml-problems.ts";

const limit = z.union([
  z.string(),
  z.strictObject({ text: z.string(), required: z.boolean().optional() }),
]);
const schema = z.strictObject({
  method: z.enum(["GET", "POST"]),
  path: z.string().min(1),
  times: z.int("a whole number of times").optional(),
  isOn: z.boolean().optional(),
  list: z.literal(true).optional(),
  limits: z.record(z.string(), z.union([limit, z.array(limit)])).optional(),
  seen: z
    .array(
      z.union([
        z.strictObject({ page: z.string(), series: z.array(z.string()) }),
        z.strictObject({ group: z.string(), most: z.number().optional() }),
      ]),
    )
    .optional(),
});

/** Every problem as `path: message`. */
function problems(more: object, base: object = { method: "GET", path: "/" }): string[] {
  const read = readValue(schema, { ...base, ...more });
  return read.ok ? [] : read.problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("problems of a file's shape", () => {
  it("a key that is missing is said to be, with what it needs", () => {
    expect(problems({}, {})).toEqual([
      "method: is missing: needs one of GET, POST",
      "path: is missing: needs a text",
    ]);
  });

  it("a key written wrong is told at both places", () => {
    expect(problems({}, { metod: "GET", path: "/" })).toEqual([
      'method: is missing: needs one of GET, POST; "metod" stands there',
      'metod: unknown key. Did you mean "method"?',
    ]);
    expect(problems({}, { verb: "GET", path: "/" })).toEqual([
      "method: is missing: needs one of GET, POST",
      "verb: unknown key.",
    ]);
  });

  it("a value that is none of the words gets the nearest", () => {
    expect(problems({ method: "PSOT" })).toEqual([
      'method: needs one of GET, POST. Did you mean "POST"?',
    ]);
    expect(problems({ method: "delete" })).toEqual(["method: needs one of GET, POST"]);
    expect(problems({ method: 3 })).toEqual(["method: needs one of GET, POST, found 3"]);
    expect(problems({ list: false })).toEqual(["list: needs true, found false"]);
  });

  it("a value of another kind is told with what it is", () => {
    expect(problems({ path: ["/"] })).toEqual(["path: needs a text, found a list"]);
    expect(problems({ path: null })).toEqual(["path: needs a text, found nothing"]);
    expect(problems({ isOn: "yes" })).toEqual(['isOn: needs true or false, found the text "yes"']);
  });

  it("words of a schema's own stay", () => {
    expect(problems({ times: 1.5 })).toEqual(["times: a whole number of times"]);
  });

  it("of several forms the one that is meant is judged", () => {
    expect(problems({ limits: { a: { text: "x", requird: true } } })).toEqual([
      'limits.a.requird: unknown key. Did you mean "required"?',
    ]);
    expect(problems({ limits: { a: ["x", { txt: "y" }] } })).toEqual([
      'limits.a.1.text: is missing: needs a text; "txt" stands there',
      'limits.a.1.txt: unknown key. Did you mean "text"?',
    ]);
    expect(problems({ seen: [{ page: "p", seris: [] }] })).toEqual([
      'seen.0.series: is missing: needs a list; "seris" stands there',
      'seen.0.seris: unknown key. Did you mean "series"?',
    ]);
    expect(problems({ seen: [{ group: "g", most: "5" }] })).toEqual([
      'seen.0.most: needs a number, found the text "5"',
    ]);
  });

  it("a value of no form's kind is told all of them", () => {
    expect(problems({ limits: { a: 5 } })).toEqual([
      "limits.a: needs a text or a map of keys or a list, found 5",
    ]);
    expect(problems({ seen: [7] })).toEqual(["seen.0: needs a map of keys, found 7"]);
  });
});

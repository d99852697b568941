import { describe, expect, it } from "vitest";
import { viewOf } from "../checks/check.ts";
import { checkSchema } from "../checks/table.ts";
import { noScope, type TemplateScope } from "../template.ts";
import { compileCheck } from "./step-checks.ts";

const scope: TemplateScope = {
  ...noScope,
  feed: { q: "one", n: 7, empty: "", none: null },
  env: { REGION: "eu" },
  iteration: 3,
};

const holds = (check: object, answer: Parameters<typeof viewOf>[0], at = scope): boolean =>
  compileCheck(checkSchema.parse({ name: "c", ...check })).holds(viewOf(answer), at);

describe("a check of a step", () => {
  it("asks for the values of the moment, and fails an answer that has others", () => {
    const contains = { contains: "got ${feed.q}" };
    expect(holds(contains, { body: "got one" })).toBe(true);
    expect(holds(contains, { body: "got two" })).toBe(false);
    expect(holds(contains, { body: "got ${feed.q}" })).toBe(false);
    const json = { json: { id: "${feed.n}", at: "${iteration}", region: "in ${env.REGION}" } };
    expect(holds(json, { body: '{"id":7,"at":3,"region":"in eu"}' })).toBe(true);
    expect(holds(json, { body: '{"id":8,"at":3,"region":"in eu"}' })).toBe(false);
  });

  it("a number that fills a whole text of a body or a header is looked for as its text", () => {
    expect(holds({ contains: ["${feed.n}"] }, { body: "n=7" })).toBe(true);
    expect(holds({ contains: "${feed.n}" }, { body: "n=8" })).toBe(false);
    const header = { header: { "x-n": "${feed.n}" } };
    expect(holds(header, { headers: { "x-n": "7" } })).toBe(true);
    expect(holds(header, { headers: { "x-n": "8" } })).toBe(false);
  });

  it.each(["${feed.empty}", "${feed.none}", "${feed.absent}", "${setup.a.b}"])(
    "%s is not there: the check does not hold, whatever came",
    (text) => {
      expect(holds({ contains: text }, { body: "anything" })).toBe(false);
      expect(holds({ contains: `x${text}` }, { body: "x" })).toBe(false);
      expect(holds({ json: { a: text } }, { body: '{"a":1}' })).toBe(false);
      expect(holds({ header: { a: text } }, { headers: { a: "1" } })).toBe(false);
    },
  );

  it("without a value of the moment it is as written, a literal place too", () => {
    expect(holds({ contains: "$${feed.q}" }, { body: "${feed.q}" })).toBe(true);
    expect(holds({ status: [200, 201], within: "1s" }, { status: 201 })).toBe(true);
    expect(holds({ status: 204 }, { status: 201 })).toBe(false);
  });
});

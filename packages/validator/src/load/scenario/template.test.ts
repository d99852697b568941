import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compileJson,
  compileText,
  fillJson,
  fillText,
  keysWithPlaces,
  parseTemplate,
  textsIn,
  type TemplateScope,
} from "./template.ts";

const scope: TemplateScope = {
  feed: { q: 'say "hi"\n', n: 7, o: { a: [1] }, none: null },
  env: { REGION: "eu" },
  setup: { token: "t0", list: [{ id: 5 }] },
  vu: 3,
  iteration: 41,
  session: 9,
  secrets: { "env:KEY": "s3cret" },
};

describe("template", () => {
  it.each([
    ["plain", "plain"],
    ["/u/${vu}/${iteration}?s=${session}", "/u/3/41?s=9"],
    ["${feed.n}-${feed.none}-${feed.absent}", "7--"],
    ["${setup.list.0.id}${ env.REGION }", "5eu"],
    ["Bearer ${env:KEY}", "Bearer s3cret"],
    ["$${feed.q} $ {x} $", "${feed.q} $ {x} $"],
    ['{"a":{"b":{}}} {{}} }}{{', '{"a":{"b":{}}} {{}} }}{{'],
    ["${feed.o}", '{"a":[1]}'],
  ])("%s is filled as %s", (text, filled) => {
    expect(fillText(compileText(text), scope)).toBe(filled);
  });

  it("what fills a path is encoded, the path around it is not", () => {
    expect(fillText(compileText("/a b/${feed.q}"), scope, encodeURIComponent)).toBe(
      "/a b/say%20%22hi%22%0A",
    );
  });

  it.each([
    ["${feed.q", "never closed"],
    ["${}", "nothing is called"],
    ["${fed.q}", 'did you mean "feed."?'],
    ["${feed}", "nothing is called"],
    ["${process.env}", "nothing is called"],
    ["a {{name}} b", "nothing fills {{name}}"],
    ["{{ feed.q | upper }}", "nothing fills {{ feed.q | upper }}"],
  ])("%s is refused: %s", (text, message) => {
    expect(parseTemplate(text)).toEqual(expect.stringContaining(message));
  });

  it("a string that is one hole keeps the type of what fills it, others take its text", () => {
    const json = compileJson({
      a: "${feed.n}",
      b: ["n=${feed.n}", "${feed.o}", true, null],
      c: "x",
    });
    expect(JSON.parse(fillJson(json, scope))).toEqual({
      a: 7,
      b: ["n=7", { a: [1] }, true, null],
      c: "x",
    });
    expect(JSON.parse(fillJson(compileJson({ a: "${feed.absent}" }), scope))).toEqual({ a: null });
  });

  it("no value can break out of the JSON around it", () => {
    const template = compileJson({ 'k"': "a ${feed.q} b", only: "${feed.q}" });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (q) => {
        const filled: unknown = JSON.parse(fillJson(template, { ...scope, feed: { q } }));
        expect(filled).toEqual({ 'k"': `a ${q} b`, only: q });
      }),
    );
  });

  it("a template without holes is one fixed text", () => {
    expect(compileText("a $${b}")).toEqual({ fixed: "a ${b}" });
    expect(compileJson({ a: [1, "b"] })).toEqual(['{"a":[1,"b"]}']);
    expect(compileJson({ a: undefined, b: 1 })).toEqual(['{"b":1}']);
  });

  it("keys that look filled are found, since none is", () => {
    expect([...keysWithPlaces({ a: [{ "${vu}": 1, "{{b}}": { $ref: 1, "{c}": 2 } }] })]).toEqual([
      ["a", "0", "${vu}"],
      ["a", "0", "{{b}}"],
    ]);
    expect([...keysWithPlaces("${vu}"), ...keysWithPlaces(null)]).toEqual([]);
  });

  it("every text of a value is found with its path", () => {
    expect([...textsIn({ a: ["x", 1, { b: "y" }], c: null })]).toEqual([
      { text: "x", path: ["a", 0] },
      { text: "y", path: ["a", 2, "b"] },
    ]);
  });
});

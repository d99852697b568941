import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRecord, parseJson } from "./index.ts";

describe("a record", () => {
  it("is an object with members, with or without any", () => {
    expect([{}, { a: 1 }, JSON.parse('{"a":null}')].map(isRecord)).toEqual([true, true, true]);
  });

  it("is no array, no null and nothing without members", () => {
    const others: readonly unknown[] = [[], [{}], null, undefined, "{}", 1, true];
    expect(others.filter(isRecord)).toEqual([]);
  });

  it("is, of all JSON values, what is written with braces", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(isRecord(value)).toBe(JSON.stringify(value).startsWith("{"));
      }),
    );
  });
});

describe("a text read as JSON", () => {
  it("is undefined for what is not JSON, whole or in part", () => {
    const texts = ["", " ", "{", '{"a":1', "undefined", "NaN", "{a:1}", "[1,]", "1 2", "\uFEFF{}"];
    expect(texts.map(parseJson)).toEqual(texts.map(() => undefined));
  });

  it("is null only for the text null", () => {
    expect([parseJson("null"), parseJson(" null ")]).toEqual([null, null]);
  });

  it("is the value that was written, for every JSON value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("throws nothing, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        parseJson(text);
        parseJson(`[${text}]`);
      }),
    );
  });

  it("has no bound of its own on depth", () => {
    const depth = 100_000;
    expect(Array.isArray(parseJson("[".repeat(depth) + "]".repeat(depth)))).toBe(true);
    expect(parseJson("[".repeat(depth))).toBeUndefined();
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRecord } from "./index.ts";

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

import { describe, expect, it } from "vitest";
import { jsonReader } from "./json-body.ts";

const read = jsonReader(["name", "roles", "name"]);
const refused = (text: string | Buffer, code: string, param?: string): void =>
  expect(() => read(Buffer.from(text))).toThrow(
    expect.objectContaining({ code, ...(param !== undefined && { param }) }),
  );
const nested = (depth: number): string => `{"x":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
const members = (count: number): string =>
  `{${Array.from({ length: count }, (_, i) => `"m${i}":1`).join(",")}}`;

describe("a body of JSON", () => {
  it("is an object, or nothing", () => {
    expect(read(Buffer.from('{"name":"\u00e9","more":[1]}'))).toEqual({
      name: "\u00e9",
      more: [1],
    });
    expect(read(Buffer.from(" \r\n"))).toBeUndefined();
  });

  it.each([
    ["a list", "[]"],
    ["a number", "7"],
    ["two objects", "{}{}"],
    ["an end too early", '{"name":'],
    ["a fault within a value", '{"name":tru}'],
    ["no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["a byte order mark", "\ufeff{}"],
  ])("that is %s is LL_BODY_INVALID_JSON", (_what, text) => refused(text, "LL_BODY_INVALID_JSON"));

  it("may be 64 deep and hold 10,000 members, and no more", () => {
    expect(() => read(Buffer.from(nested(64)))).not.toThrow();
    refused(nested(65), "LL_BODY_INVALID_JSON");
    expect(() => read(Buffer.from(members(10_000)))).not.toThrow();
    refused(members(10_001), "LL_BODY_INVALID_JSON");
  });

  it("with a member twice is refused and names it, however it is spelled", () => {
    refused('{"roles":["viewer"],"name":"a","roles":["admin"]}', "LL_BODY_DUPLICATE_KEY", "roles");
    refused('{"roles":[],"rol\\u0065s":["admin"]}', "LL_BODY_DUPLICATE_KEY", "roles");
  });
});

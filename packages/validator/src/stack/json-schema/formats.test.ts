import addFormats from "ajv-formats";
import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSchemaJudge } from "./judge.ts";

const { judge } = createSchemaJudge({ openapi: "3.1.0" });
const isIt = (format: string, value: unknown): boolean => judge({ format }, value).fault === null;

const samples: Readonly<
  Record<string, readonly [good: readonly unknown[], bad: readonly unknown[]]>
> = {
  "date-time": [
    ["2026-01-02T03:04:05Z", "2024-02-29t23:59:60.5+01:30"],
    [
      "2026-01-02T03:04:05",
      "2026-01-02 03:04:05Z",
      "2025-02-29T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "now",
    ],
  ],
  date: [["2024-02-29"], ["2025-02-29", "2024-2-9", "24-02-29"]],
  time: [
    ["03:04:05Z", "03:04:05.123-08:00"],
    ["03:04:05", "24:00:00Z", "3:4:5Z"],
  ],
  duration: [
    ["P3DT4H", "PT0.5S", "P2W"],
    ["P", "3D", "PT"],
  ],
  uuid: [
    ["7E1f3a52-8d4c-4b53-9c55-1d7a0b5c6e11"],
    ["7e1f3a52", "7e1f3a528d4c4b539c551d7a0b5c6e11"],
  ],
  email: [["a.b+c@example.com"], ["a", "a@", "@b", "a b@c.d"]],
  hostname: [
    ["a.example", "a-b.c"],
    ["-a.example", "a_b", "a..b"],
  ],
  ipv4: [["127.0.0.1"], ["256.0.0.1", "1.2.3", "::1"]],
  ipv6: [
    ["::1", "2001:db8::ff00:42:8329"],
    ["127.0.0.1", "::g", "fe80::1%eth0"],
  ],
  uri: [
    ["https://a.example/b?c=d#e", "urn:isbn:1"],
    ["/b", "a b:c", "https://a/%zz", "http://a/é"],
  ],
  "uri-reference": [
    ["/b?c", "#x", "https://a.example"],
    ["a b", "\\\\x"],
  ],
  "json-pointer": [
    ["", "/a/~0~1"],
    ["a", "/~2"],
  ],
  regex: [["^a+$"], ["(", "a{2,1}"]],
  byte: [
    ["", "YWI="],
    ["YW I", "Y"],
  ],
  int32: [
    [0, -2_147_483_648, "any text"],
    [2_147_483_648, 1.5],
  ],
  uint8: [[255], [-1, 256]],
  int64: [[9_007_199_254_740_991], [1e19]],
  float: [[1.5, -3e38], [1e39]],
};

describe("a format", () => {
  it.each(Object.entries(samples))("%s", (format, [good, bad]) => {
    for (const value of good)
      expect(judge({ format }, value), String(value)).toEqual({ fault: null, open: [] });
    for (const value of bad) expect(isIt(format, value), String(value)).toBe(false);
  });

  it("says nothing of a value of another type, and one that shows how is known", () => {
    for (const value of [null, true, [], {}]) expect(isIt("uuid", value)).toBe(true);
    for (const format of ["password", "binary", "double"]) {
      expect(judge({ format }, "any")).toEqual({ fault: null, open: [] });
    }
  });

  it.each(["byte", "base64url", "uri", "json-pointer"])(
    "%s of a text beyond its expression is not judged, and breaks nothing",
    (format) => {
      const text = format === "json-pointer" ? "/a".repeat(16_000_000) : "abcd".repeat(8_000_000);
      const { fault, open } = judge({ format }, format === "uri" ? `a:${text}` : text);
      expect(fault).toBeNull();
      expect(open).toEqual([`the format ${format} of body, which is too long`]);
    },
    20_000,
  );

  it("that no table has is not judged, on an object's own names neither", () => {
    for (const format of ["isbn", "toString", "__proto__"]) {
      expect(judge({ format }, "a").open).toEqual([`the format ${format} of body`]);
    }
    expect(judge({ format: 7 }, "a").open).toHaveLength(1);
  });
});

/** Formats on which both are to be of one mind; e-mail and durations are drawn wider here. */
const agreed = ["date-time", "date", "time", "uuid", "ipv4", "ipv6", "hostname", "json-pointer"];

describe("another implementation of formats (ajv-formats)", () => {
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  const parts = fc.constantFrom(
    ..."0123456789aAfF:.-TtZz+/~%é ".split(""),
    "2024-02-29",
    "23:59:60Z",
    "00:00:00",
    "+01:30",
    "127.0.0.1",
    "2001:db8::1",
    "7e1f3a52-8d4c-4b53-9c55-1d7a0b5c6e11",
  );
  const text = fc.array(parts, { maxLength: 6 }).map((some) => some.join(""));

  it.each(agreed)("%s is judged alike by it", (format) => {
    const theirs = ajv.compile({ type: "string", format });
    fc.assert(
      fc.property(text, (value) => {
        // A leap second is theirs at the end of a day alone, an offset without minutes theirs too.
        fc.pre(!/:60|[+-]\d\d(:?$|\d\d$)/.test(value));
        expect([value, isIt(format, value)]).toEqual([value, theirs(value)]);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

test("keys sort by UTF-16 units and numbers print as RFC 8785 says", () => {
  const value = {
    numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0],
    string: "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],' +
      '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  const keys = {
    "\u20ac": 1,
    "\r": 2,
    "\ufb33": 3,
    "1": 4,
    "\ud83d\ude00": 5,
    "\u0080": 6,
    "\u00f6": 7,
  };
  expect(canonicalJson(keys)).toBe(
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  );
});

test("the short way for sorted keys and the long way give the same text", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      const sorted = Object.fromEntries(
        Object.entries(value).sort(([a], [b]) => (a < b ? -1 : Number(a > b))),
      );
      expect(canonicalJson(turned)).toBe(canonicalJson(sorted));
    }),
  );
});

test("members that are undefined are left out", () => {
  expect(canonicalJson({ b: undefined, a: { c: undefined } })).toBe('{"a":{}}');
});

test("what has no JSON form is refused with LL_EVIDENCE_VALUE", () => {
  const refused = [
    Number.NaN,
    Infinity,
    undefined,
    1n,
    new Date(0),
    new Map(),
    [undefined],
    "\ud800",
  ];
  for (const value of [...refused, { "\udc00": 1 }, () => 1]) {
    expect(() => canonicalJson(value)).toThrow(
      expect.objectContaining({ code: "LL_EVIDENCE_VALUE" }),
    );
  }
});

test("canonical text reads back to the same value and text, whatever the order of keys", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = (() => {
        try {
          return canonicalJson(value);
        } catch {
          return null;
        }
      })();
      if (text === null) return;
      const back: unknown = JSON.parse(text);
      expect(canonicalJson(back)).toBe(text);
    }),
  );
});

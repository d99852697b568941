import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bitString, oid, pemOf, sequence, tlv, valuesOf } from "./index.ts";

describe("DER", () => {
  it.each([
    [0, "0400"],
    [127, "047f"],
    [128, "048180"],
    [255, "0481ff"],
    [256, "04820100"],
    [65_535, "0482ffff"],
  ])("writes the shortest length of a value of %i bytes", (length, head) => {
    const whole = tlv(0x04, Buffer.alloc(length));
    expect(whole.subarray(0, head.length / 2).toString("hex")).toBe(head);
    expect(whole).toHaveLength(head.length / 2 + length);
  });

  it("writes no value whose length has more than two bytes", () => {
    expect(() => tlv(0x04, Buffer.alloc(65_536))).toThrow(RangeError);
  });

  it("writes sequences, identifiers and bits", () => {
    expect(sequence(oid("550403"), bitString(Buffer.from([7]))).toString("hex")).toBe(
      "3009" + "0603550403" + "03020007",
    );
  });

  it("reads back every value that it wrote, in order", () => {
    const values = fc.array(fc.tuple(fc.constantFrom(4, 0x30), fc.uint8Array({ maxLength: 600 })));
    fc.assert(
      fc.property(values, (list) => {
        const bytes = Buffer.concat(list.map(([tag, value]) => tlv(tag, Buffer.from(value))));
        const read = valuesOf(bytes);
        expect(read.map(({ tag, value }) => [tag, [...value]])).toEqual(
          list.map(([tag, value]) => [tag, [...value]]),
        );
        expect(Buffer.concat(read.map(({ whole }) => whole)).equals(bytes)).toBe(true);
      }),
    );
  });

  it.each(["04", "0402aa", "0480", "0485ffffffffff", "04820100"])("refuses the cut %s", (hex) => {
    expect(() => valuesOf(Buffer.from(hex, "hex"))).toThrow(RangeError);
  });

  it("puts 64 characters into a line of PEM", () => {
    const lines = pemOf("X", Buffer.alloc(60)).split("\n");
    expect([lines[0], lines[1]?.length, lines.at(-2)]).toEqual([
      "-----BEGIN X-----",
      64,
      "-----END X-----",
    ]);
  });
});

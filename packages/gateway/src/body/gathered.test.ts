import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Gathered } from "./gathered.ts";

/** Lengths around those that are kept as they are, and around a block. */
const length = fc.constantFrom(0, 1, 2, 700, 4095, 4096, 4097, 65_535, 65_537);

function pieceOf(bytes: number, seed: number): Buffer {
  return Buffer.alloc(bytes, `${seed}-${bytes}`);
}

describe("bytes in pieces", () => {
  it("are the bytes that came, whatever the pieces", () => {
    const law = fc.property(fc.array(length, { maxLength: 40 }), (lengths) => {
      const pieces = lengths.map(pieceOf);
      const gathered = new Gathered();
      for (const one of pieces) gathered.add(one);
      const whole = Buffer.concat(pieces);
      expect(gathered.length).toBe(whole.length);
      expect(gathered.bytes().equals(whole)).toBe(true);
      gathered.add(Buffer.from("more"));
      expect(
        Buffer.concat([...gathered.release()]).equals(Buffer.concat([whole, Buffer.from("more")])),
      ).toBe(true);
      expect(gathered.length).toBe(0);
      expect(gathered.bytes().length).toBe(0);
    });
    fc.assert(law, { seed: 20_261_122, numRuns: 60 });
  });

  it("a first piece alone is given back as it came", () => {
    const gathered = new Gathered();
    const only = Buffer.from("one");
    gathered.add(only);
    expect(gathered.bytes()).toBe(only);
  });

  it("200,000 pieces of a byte are kept in four blocks, not in 200,000 objects", () => {
    const gathered = new Gathered();
    const byte = Buffer.from("a");
    for (let i = 0; i < 200_000; i++) gathered.add(byte);
    const kept = gathered.release();
    expect(Buffer.concat([...kept]).length).toBe(200_000);
    expect(kept.length).toBeLessThan(16);
  });

  it("what was given out is not written again", () => {
    const gathered = new Gathered();
    gathered.add(Buffer.from("first"));
    gathered.add(Buffer.from("second"));
    const before = gathered.bytes();
    gathered.add(Buffer.from("third"));
    expect(before.toString()).toBe("firstsecond");
    expect(gathered.bytes().toString()).toBe("firstsecondthird");
  });
});

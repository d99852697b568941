import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHdr, encodeHdr } from "./hdr.ts";
import { createHistogram, type Histogram } from "./histogram.ts";

/** Reads V2 by its description, sharing nothing with the writer; counts by their highest value. */
function decode(text: string): (readonly [number, number])[] {
  const packed = Buffer.from(text, "base64");
  expect([packed.readInt32BE(0), packed.readInt32BE(4)]).toEqual([0x1c849314, packed.length - 8]);
  const plain = inflateSync(packed.subarray(8));
  expect([plain.readInt32BE(0), plain.readInt32BE(4)]).toEqual([0x1c849313, plain.length - 40]);
  expect([plain.readInt32BE(8), plain.readInt32BE(12)]).toEqual([0, 3]);
  expect([plain.readBigInt64BE(16), plain.readBigInt64BE(24)]).toEqual([1n, 2n ** 32n - 1n]);
  expect(plain.readDoubleBE(32)).toBe(1);
  const rows: [number, number][] = [];
  let index = 0;
  for (let at = 40; at < plain.length;) {
    let [value, shift] = [0n, 0n];
    for (let more = true; more; shift += 7n) {
      const byte = BigInt(plain[at++] ?? 0);
      value |= (byte & 127n) << shift;
      more = byte >= 128n;
    }
    const number = value % 2n === 0n ? Number(value / 2n) : -Number((value + 1n) / 2n);
    if (number < 0) {
      index -= number;
      continue;
    }
    // Bucket and sub-bucket of HdrHistogram: 2,048 sub-buckets, of which the lower half is unused.
    const bucket = Math.max(0, Math.floor(index / 1_024) - 1);
    const sub = bucket === 0 ? index : (index % 1_024) + 1_024;
    if (number > 0) rows.push([(sub + 1) * 2 ** bucket - 1, number]);
    index++;
  }
  return rows;
}

function quantile(rows: readonly (readonly [number, number])[], h: Histogram, q: number): number {
  const rank = Math.max(1, Math.ceil(q * h.count - 1e-9));
  let seen = 0;
  for (const [high, n] of rows) {
    seen += n;
    if (seen >= rank) return Math.min(high, h.maxUs);
  }
  return 0;
}

const values = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  { minLength: 1, maxLength: 300 },
);

describe("a histogram in HdrHistogram's V2 encoding", () => {
  it.each(["normal", "high"] as const)(
    "law (%s): nothing is lost, and every quantile is the one the histogram tells",
    (precision) => {
      fc.assert(
        fc.property(values, (all) => {
          const histogram = createHistogram({ precision });
          for (const us of all) histogram.record(us);
          const rows = decode(encodeHdr(histogram));
          // Our reader against the one of this file, which shares nothing with either.
          const own = decodeHdr(encodeHdr(histogram));
          expect(own.map(({ highUs, count }) => [highUs, count])).toEqual(rows);
          for (const { lowUs, highUs } of own) expect(lowUs).toBeLessThanOrEqual(highUs);
          expect(rows.reduce((sum, [, n]) => sum + n, 0)).toBe(all.length);
          for (const q of [0.01, 0.25, 0.5, 0.9, 0.99, 1]) {
            expect(quantile(rows, histogram, q)).toBe(histogram.quantileUs(q));
          }
        }),
        { numRuns: 60, seed: 11 },
      );
    },
  );

  it("what is no histogram of this layout is refused, whatever it is", () => {
    const good = Buffer.from(encodeHdr(createHistogram()), "base64");
    const texts = ["", "HIST", "HISTFAAAAAAA", good.subarray(0, 12).toString("base64")];
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ 0x40;
      texts.push(bytes.toString("base64"));
    }
    const layout = expect.objectContaining({ code: "LL_LOAD_HISTOGRAM_LAYOUT" });
    let refused = 0;
    for (const text of texts) {
      try {
        decodeHdr(text);
      } catch (error) {
        expect(error).toEqual(layout);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(good.length / 2);
    for (const text of texts.slice(0, 4)) expect(() => decodeHdr(text)).toThrow(layout);
  });

  it("begins as every compressed V2 histogram does, and an empty one has no counts", () => {
    const empty = createHistogram();
    expect(encodeHdr(empty)).toMatch(/^HISTFAAA/);
    expect(decode(encodeHdr(empty))).toEqual([]);
  });

  it("values beyond its range are in its last bucket, and counted", () => {
    const histogram = createHistogram();
    histogram.record(2 ** 40);
    expect(decode(encodeHdr(histogram))).toEqual([[2 ** 32 - 1, 1]]);
  });
});

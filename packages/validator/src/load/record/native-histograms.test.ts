import { createHistogram } from "@loadline/kit/histogram";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nativeBuckets, nativeHistograms } from "./native-histograms.ts";
import {
  decodeDelimited,
  decodeProtobuf,
  readVarint,
  unzigzag,
  type WireField,
} from "./protobuf.fixture.ts";
import { recorded } from "./recorded.fixture.ts";

const edgeS = (index: number): number => 2 ** (index / 256);
const messages = (fields: readonly WireField[], field: number): WireField[][] =>
  fields.flatMap((one) =>
    one.field === field && typeof one.value !== "number" ? [decodeProtobuf(one.value)] : [],
  );
const text = (fields: readonly WireField[], field: number): string =>
  String(fields.find((one) => one.field === field)?.value);
const number = (fields: readonly WireField[], field: number): number =>
  Number(fields.find((one) => one.field === field)?.value);

/** Buckets of a written histogram, as Prometheus reads spans and differences. */
function bucketsOf(histogram: readonly WireField[]): [index: number, count: number][] {
  const packed = histogram.find(({ field }) => field === 13)?.value;
  const deltas: number[] = [];
  const bytes = typeof packed === "object" ? packed : Buffer.alloc(0);
  for (let at = 0; at < bytes.length;) {
    const [delta, next] = readVarint(bytes, at);
    deltas.push(unzigzag(delta));
    at = next;
  }
  const buckets: [number, number][] = [];
  let [index, count] = [0, 0];
  for (const span of messages(histogram, 12)) {
    index += unzigzag(number(span, 1));
    for (let length = number(span, 2); length > 0; length--) {
      count += deltas.shift() ?? Number.NaN;
      buckets.push([index++, count]);
    }
  }
  expect(deltas).toEqual([]);
  return buckets;
}

describe("native histograms of Prometheus", () => {
  it("every value lies in a bucket that ends at or after it, at most 0.7 % later", () => {
    const values = fc.array(fc.integer({ min: 0, max: 2 ** 31 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(values, (all) => {
        const histogram = createHistogram();
        for (const us of all) histogram.record(us);
        const { zeros, buckets } = nativeBuckets(histogram);
        expect(zeros).toBe(all.filter((us) => us === 0).length);
        expect(buckets.reduce((sum, [, n]) => sum + n, zeros)).toBe(all.length);
        const sorted = all.filter((us) => us > 0).toSorted((a, b) => a - b);
        let seen = 0;
        for (const [index, n] of buckets) {
          for (const us of sorted.slice(seen, seen + n)) {
            expect(edgeS(index) * (1 + 1e-9)).toBeGreaterThanOrEqual(us / 1e6);
            expect(edgeS(index) / (us / 1e6)).toBeLessThan(1.007);
          }
          seen += n;
        }
      }),
      { seed: 3 },
    );
  });

  it("a value on an edge is in the bucket that ends there", () => {
    const histogram = createHistogram();
    histogram.record(1_000_000);
    // The upper edge of our own bucket that holds it is 0.2 % above.
    expect([0, 1]).toContain(nativeBuckets(histogram).buckets[0]?.[0]);
    const small = createHistogram();
    small.record(125);
    expect(nativeBuckets(small).buckets).toEqual([[-3319, 1]]);
    expect(edgeS(-3319)).toBeGreaterThanOrEqual(0.000125);
    expect(edgeS(-3320)).toBeLessThan(0.000125);
  });

  it("what is written holds the account, and the counts, sum and buckets of each latency", () => {
    const recorder = recorded("normal");
    const families = decodeDelimited(Buffer.from(nativeHistograms(recorder)));
    expect(families.map((family) => [text(family, 1), number(family, 3)])).toEqual([
      ["loadline_load_requests_total", 0],
      ["loadline_load_response_time_seconds", 4],
      ["loadline_load_service_time_seconds", 4],
      ["loadline_load_queue_wait_seconds", 4],
    ]);
    const [requests = [], response = []] = families;
    const rows = messages(requests, 4).map((metric) => [
      messages(metric, 1).map((label) => text(label, 2)),
      number(messages(metric, 3)[0] ?? [], 1),
    ]);
    expect(rows).toEqual([
      [['a "b", c', "ok"], 999],
      [['a "b", c', "status_503"], 1],
      [["idle", "ok"], 0],
    ]);
    const [metric = []] = messages(response, 4);
    const [histogram = []] = messages(metric, 7);
    const { series } = recorder.at(0);
    expect(number(histogram, 1)).toBe(999);
    expect(number(histogram, 2)).toBeCloseTo(series.response.sumUs / 1e6, 9);
    expect(unzigzag(number(histogram, 5))).toBe(8);
    expect(bucketsOf(histogram)).toEqual(nativeBuckets(series.response).buckets);
  });

  it("values of 0 alone are a native histogram too, not one without buckets", () => {
    const families = decodeDelimited(Buffer.from(nativeHistograms(recorded("normal"))));
    const waits = families.find((family) => text(family, 1).includes("queue_wait")) ?? [];
    const [histogram = []] = messages(messages(waits, 4)[0] ?? [], 7);
    expect(number(histogram, 7)).toBe(999);
    expect(messages(histogram, 12)).toHaveLength(1);
    expect(bucketsOf(histogram)).toEqual([]);
  });
});

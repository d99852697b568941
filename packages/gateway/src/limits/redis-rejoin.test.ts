import { describe, expect, it } from "vitest";
import { Bucket } from "./buckets.ts";
import { restoreOf } from "./redis-rejoin.ts";

/** A request limiter that Redis told of long ago: its TAT is over. */
function toldLongAgo(more: Partial<Bucket> = {}): Bucket {
  const bucket = new Bucket("b");
  return Object.assign(bucket, { kind: "r", toldUs: 1_000, offsetUs: 100, ...more });
}

const at = { offsetUs: 100, nowUs: 5_000_000, ttlMaxUs: 1 };

describe("what a replica tells after Redis was away", () => {
  it("another server hears from where the replica's own admissions went on, also when that is over", () => {
    const bucket = toldLongAgo({ sinceUs: 1_800_000, aloneUs: 4_000_000 });
    const told = restoreOf(bucket, { ...at, isOther: true });
    expect(told?.list).toEqual(["r", 1_000, 1_800_000, 4_000_100]);
  });

  it("the server that told it itself hears it below 0: only where it has forgotten", () => {
    const bucket = toldLongAgo({ sinceUs: 1_800_000, aloneUs: 4_000_000 });
    const told = restoreOf(bucket, { ...at, isOther: false });
    expect(told?.list[1]).toBe(-1_000);
  });

  it("a replica that admitted nothing tells another server only of a TAT that is yet to come", () => {
    expect(restoreOf(toldLongAgo(), { ...at, isOther: true })).toBeUndefined();
    const ahead = toldLongAgo({ toldUs: 6_000_000 });
    expect(restoreOf(ahead, { ...at, isOther: true })?.list).toEqual(["r", 6_000_000, 0, 0]);
    expect(restoreOf(ahead, { ...at, isOther: false })).toBeUndefined();
  });

  it("what nobody took note of is told again", () => {
    const bucket = toldLongAgo({ sinceUs: 7, aloneUs: 9 });
    const first = restoreOf(bucket, { ...at, isOther: true });
    expect(restoreOf(bucket, { ...at, isOther: true })).toBeUndefined();
    first?.undo();
    expect(restoreOf(bucket, { ...at, isOther: true })?.list).toEqual(first?.list);
  });
});

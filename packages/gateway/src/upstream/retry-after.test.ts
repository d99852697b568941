import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { retryAfterMsOf } from "./retry-after.ts";

const date = "Sun, 06 Nov 1994 08:49:37 GMT";

describe("how long an upstream asks to be left alone", () => {
  it.each([
    ["seconds", ["retry-after", "7"], 7000],
    ["none", ["retry-after", "0"], 0],
    ["part of a second", ["retry-after", "0.5"], 500],
    [
      "a date, by the answer's own",
      ["retry-after", "Sun, 06 Nov 1994 08:50:07 GMT", "date", date],
      30_000,
    ],
    ["a date before it", ["retry-after", "Sun, 06 Nov 1994 08:49:07 GMT", "date", date], 0],
    ["milliseconds, which are more exact", ["retry-after", "1", "retry-after-ms", "350"], 350],
    [
      "seconds beside milliseconds that are none",
      ["retry-after", "1", "retry-after-ms", "soon"],
      1000,
    ],
    ["more than an hour", ["retry-after", "86400"], 3_600_000],
    ["a figure beyond all numbers", ["retry-after", "9".repeat(400)], 3_600_000],
    ["milliseconds beyond them", ["retry-after-ms", "9".repeat(400)], 3_600_000],
  ])("is read from %s", (_what, headers, wanted) => {
    expect(retryAfterMsOf(headers)).toBe(wanted);
  });

  it.each([
    ["nothing", []],
    ["an empty value", ["retry-after", "", "date", date]],
    ["a date without the answer's own", ["retry-after", date]],
    ["words", ["retry-after", "soon", "date", date]],
    ["less than nothing", ["retry-after", "-1"]],
    ["a number of another spelling", ["retry-after", "1e3"]],
  ])("is not known from %s", (_what, headers) => {
    expect(retryAfterMsOf(headers)).toBeUndefined();
  });

  it("is a number from 0 or unknown, whatever the headers hold", () => {
    const name = fc.constantFrom("retry-after", "retry-after-ms", "date", "x");
    const pair = fc.tuple(name, fc.oneof(fc.string(), fc.constant(date), fc.nat().map(String)));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 6 }), (pairs) => {
        const waitMs = retryAfterMsOf(pairs.flat());
        expect(waitMs === undefined || (waitMs >= 0 && waitMs <= 3_600_000)).toBe(true);
      }),
    );
  });
});

import { describe, expect, it } from "vitest";
import { countFigure, formatFigure, formatInterval, formatMinute, notMeasured } from "./format.ts";

describe("format", () => {
  it("an absent figure or interval reads not measured, never zero", () => {
    expect(formatFigure(null)).toBe(notMeasured);
    expect(formatFigure({ ...countFigure(0), value: null })).toBe(notMeasured);
    expect(formatInterval(null)).toBe(notMeasured);
  });

  it("counts are grouped and a duration below its resolution is bounded", () => {
    expect(formatFigure(countFigure(1204))).toBe("1,204");
    expect(formatFigure({ ...countFigure(0.2, "ms"), resolution: 1 })).toBe("< 1 ms");
  });

  it("times are cut to the minute and other texts stay", () => {
    expect(formatMinute("2026-04-12T10:15:59.123Z")).toBe("2026-04-12 10:15Z");
    expect(formatMinute("soon")).toBe("soon");
  });
});

import { describe, expect, it } from "vitest";
import { isDecided } from "./order-statistics.ts";

describe("a round of bounds", () => {
  it("is the last where it keeps to the limit, or is over it with no excuse", () => {
    expect(isDecided({ lower: 0, upper: 1, excuse: "busy" }, 1)).toBe(true);
    expect(isDecided({ lower: 1.1, upper: 3, excuse: null }, 1)).toBe(true);
  });

  it("is measured again where a busy machine excuses it, or where it shows nothing", () => {
    expect(isDecided({ lower: 1.1, upper: 3, excuse: "busy" }, 1)).toBe(false);
    expect(isDecided({ lower: 0.9, upper: 3, excuse: null }, 1)).toBe(false);
  });
});

import { afterEach, describe, expect, it, type TestContext, vi } from "vitest";
import { expectFastAnswers, kills } from "./world.ts";

/** How a run ends in which so many callers waited for a second, on a machine this busy. */
function endOf(context: TestContext, slow: number, pressure: number): string {
  // Not a word of the suite's own.
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  vi.spyOn(context, "skip").mockImplementation((): never => {
    throw new Error("skipped");
  });
  const gapsMs = Array.from({ length: kills }, (_, i) => (i < slow ? 1000 : 20));
  try {
    expectFastAnswers(context, { gapsMs, pressure });
    return "passed";
  } catch (cause) {
    return cause instanceof Error && cause.message === "skipped" ? "skipped" : "failed";
  }
}

describe("gaps that callers saw around kills", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("a few slow ones fail on a quiet machine and are skipped on one a quarter busy", (context) => {
    expect([0, 0.2, 0.3].map((pressure) => endOf(context, 2, pressure))).toEqual([
      "failed",
      "failed",
      "skipped",
    ]);
  });

  it("many slow ones are skipped on one half busy alone; with none all is shown", (context) => {
    expect([0.3, 0.6].map((pressure) => endOf(context, 30, pressure))).toEqual([
      "failed",
      "skipped",
    ]);
    expect(endOf(context, 0, 0.9)).toBe("passed");
  });
});

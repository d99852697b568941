import { describe, expect, it } from "vitest";
import { readNarrowing } from "./narrowing.ts";

describe("readNarrowing", () => {
  it("reads a shorter time, a route and the wish for no fallback", () => {
    expect(readNarrowing({ timeoutMs: 500, route: "r", noFallback: true })).toEqual({
      timeoutMs: 500,
      route: "r",
      noFallback: true,
    });
    expect(readNarrowing({})).toEqual({
      timeoutMs: undefined,
      route: undefined,
      noFallback: false,
    });
  });

  it.each([
    [{ timeoutMs: 0 }, "loadline.timeoutMs"],
    [{ timeoutMs: 1e9 }, "loadline.timeoutMs"],
    [{ route: "" }, "loadline.route"],
    [{ noFallback: "yes" }, "loadline.noFallback"],
    [{ model: "m" }, "loadline.model"],
    [[], "loadline"],
    [null, "loadline"],
  ])("%j is refused by the name of its member", (value, param) => {
    expect(readNarrowing(value)).toMatchObject({ code: "LL_BODY_FIELD", param });
  });
});

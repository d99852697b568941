import { describe, expect, it } from "vitest";
import { parseHostMessage } from "./protocol.ts";

describe("host message", () => {
  it("reads what a host says", () => {
    expect(parseHostMessage({ type: "ready", loadMs: 3 })).toEqual({ type: "ready", loadMs: 3 });
    const failed = { type: "failed", code: "LL_MODEL_DAMAGED", message: "cut" };
    expect(parseHostMessage(failed)).toEqual(failed);
    const heavy = { ...failed, code: "LL_MODEL_MEMORY" };
    expect(parseHostMessage(heavy)).toEqual(heavy);
  });

  it.each([
    [undefined],
    [null],
    ["ready"],
    [{}],
    [{ type: "ready" }],
    [{ type: "ready", loadMs: "3" }],
    [{ type: "failed", code: "LL_OTHER", message: "" }],
    [{ type: "failed", code: "LL_MODEL_LOAD", message: 1 }],
    [{ type: "failed", code: "LL_MODEL_LOAD" }],
  ])("anything else is nothing: %j", (value) => {
    expect(parseHostMessage(value)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { createTestHost } from "../../test/test-host.ts";
import { createPaint, isColoured } from "./colour.ts";

describe("colour", () => {
  it.each([
    { isTty: true, env: {}, on: true },
    { isTty: false, env: {}, on: false },
    { isTty: true, env: { NO_COLOR: "1" }, on: false },
    { isTty: true, env: { NO_COLOR: "" }, on: true },
    { isTty: true, env: { TERM: "dumb" }, on: false },
  ])("tty $isTty with $env colours: $on", ({ isTty, env, on }) => {
    const host = createTestHost([], { isTty, env });
    expect(isColoured(host, host.stdout)).toBe(on);
  });

  it("off means the text itself", () => {
    expect(createPaint(false)("red", "x")).toBe("x");
    expect(createPaint(true)("red", "x")).toBe("\u001b[31mx\u001b[0m");
  });
});

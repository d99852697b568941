import { describe, expect, it } from "vitest";
import { codeOf, defineErrors, LoadlineError } from "./index.ts";

const errors = defineErrors({
  LL_DEMO_GONE: {
    status: 404,
    fault: "caller",
    retryable: false,
    summary: "The demo is gone.",
    remedy: "Run `loadline demo seed`.",
  },
});

describe("errors", () => {
  it("an error carries its row and prints code, message and remedy", () => {
    const error = errors.make("LL_DEMO_GONE");
    expect(error).toBeInstanceOf(LoadlineError);
    expect(error.row.status).toBe(404);
    expect(error.line).toBe("LL_DEMO_GONE The demo is gone. Run `loadline demo seed`.");
  });

  it("detail stays out of the message and the cause chain is kept", () => {
    const cause = new Error("ENOENT");
    const error = errors.make("LL_DEMO_GONE", "demo 7 is gone.", { detail: "row 7", cause });
    expect(error.message).toBe("demo 7 is gone.");
    expect(error.message).not.toContain("row 7");
    expect(error.cause).toBe(cause);
  });

  it("a code outside the table cannot be made", () => {
    expect(() => errors.make("LL_DEMO_OTHER" as "LL_DEMO_GONE")).toThrow("LL_DEMO_OTHER");
  });
});

describe("codeOf", () => {
  it("is the code of an error that has one", () => {
    expect(codeOf(Object.assign(new Error("no such file"), { code: "ENOENT" }), "odd")).toBe(
      "ENOENT",
    );
    expect(codeOf(errors.make("LL_DEMO_GONE"))).toBe("LL_DEMO_GONE");
  });

  it("is the word for the rest, and the text itself without one", () => {
    expect(codeOf(new Error("no code"), "odd")).toBe("odd");
    expect(codeOf({ code: "ENOENT" }, "odd")).toBe("odd");
    expect(codeOf(Object.assign(new Error("of a parser"), { code: undefined }), "odd")).toBe("odd");
    expect(codeOf(new Error("no code"))).toBe("Error: no code");
    expect(codeOf("thrown text")).toBe("thrown text");
  });
});

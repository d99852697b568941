import { describe, expect, it } from "vitest";
import { judge } from "./verdict.ts";

const good = { status: 200, code: "", content: "hello" };
const none = { missing: [], skipped: [] };

describe("what one call of the gateway to itself showed", () => {
  it("an answer with content that came through every stage has passed", () => {
    expect(judge(good, none)).toEqual({ result: "passed", skipped: [], text: "" });
  });

  it("silence is told with its reason", () => {
    expect(judge({ fault: "reset: gone" }, none)).toEqual({
      result: "silent",
      skipped: [],
      code: "LL_SERVER_SELF_PROBE_SILENT",
      text: "reset: gone",
    });
  });

  it.each(["LL_SERVER_OVERLOADED", "LL_SERVER_DRAINING", "LL_AUDITLOG_FULL", "LL_LIMIT_ADDRESS"])(
    "%s is a refusal on purpose: nothing is wrong with the stages",
    (code) => {
      const gaps = { missing: ["reserve"], skipped: ["read"] } as const;
      const verdict = judge({ status: 503, code, content: "" }, gaps);
      expect(verdict).toEqual({ result: "busy", skipped: [], text: code });
    },
  );

  it.each([
    [{ ...good, status: 500, code: "LL_INTERNAL_UNEXPECTED" }, "500 LL_INTERNAL_UNEXPECTED"],
    [{ ...good, status: 201 }, "201 without content"],
    [{ ...good, content: "" }, "200 without content"],
  ])("%j has failed, whatever the stages left", (answer, text) => {
    for (const gaps of [none, { missing: ["reserve"], skipped: [] } as const])
      expect(judge(answer, gaps)).toEqual({
        result: "failed",
        skipped: [],
        code: "LL_SERVER_SELF_PROBE",
        text,
      });
  });

  it("a good answer over a gap is no good answer, and names each stage once", () => {
    const skipped = ["reserve", "settle"] as const;
    expect(judge(good, { missing: ["reserve"], skipped })).toEqual({
      result: "skipped",
      skipped,
      text: "reserve, settle",
    });
    expect(judge(good, { missing: ["read"], skipped: [] })).toMatchObject({ result: "skipped" });
    expect(judge(good, { missing: [], skipped: ["read"] })).toMatchObject({ result: "skipped" });
  });
});

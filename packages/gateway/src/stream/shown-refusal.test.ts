import { describe, expect, it } from "vitest";
import { shownRefusal } from "./shown-refusal.ts";

const own = '\n { "error": {"message":"m", "odd": 1.0} }\n';
const translated = { error: (body: Buffer) => Buffer.from(`<${body.toString()}>`) };
const shown = (text: string, translation?: typeof translated): string | undefined =>
  shownRefusal(Buffer.from(text), translation)?.toString();

describe("an upstream's refusal", () => {
  it("is shown in the upstream's own bytes", () => {
    const body = Buffer.from(own);
    expect(shownRefusal(body, undefined)).toBe(body);
  });

  it("that comes as a list of one is shown without the list", () => {
    expect(shown(`[${own}]`)).toBe('{"error":{"message":"m","odd":1}}');
  });

  it.each([own, `[${own}]`])("is translated as it came: %j", (text) => {
    expect(shown(text, translated)).toBe(`<${text}>`);
  });

  it.each(["", "<html>", '{"error":', '"text"', "[]", "[1]", "null", "7"])(
    "that is no JSON object is not shown: %j",
    (text) => {
      expect(shown(text)).toBeUndefined();
      expect(shown(text, translated)).toBeUndefined();
    },
  );

  it("without a body is not shown", () => {
    expect(shownRefusal(undefined, translated)).toBeUndefined();
  });
});

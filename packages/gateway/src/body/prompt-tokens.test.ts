import { describe, expect, it } from "vitest";
import { promptTokens, textTokens } from "./prompt-tokens.ts";

describe("tokens of a prompt before they are counted", () => {
  it("are a third of its bytes, rounded up, and 8 for each message", () => {
    expect(textTokens({ textBytes: 0 })).toBe(0);
    expect([1, 3, 4].map((textBytes) => textTokens({ textBytes }))).toEqual([1, 1, 2]);
    expect(promptTokens({ textBytes: 4, messageCount: 0 })).toBe(2);
    expect(promptTokens({ textBytes: 4, messageCount: 3 })).toBe(26);
  });

  it("are every byte of it where a budget is strict, which is never less", () => {
    expect(promptTokens({ textBytes: 4, messageCount: 3 }, true)).toBe(28);
    for (const textBytes of [0, 1, 2, 3, 100_001]) {
      const prompt = { textBytes, messageCount: 2 };
      expect(promptTokens(prompt, true)).toBeGreaterThanOrEqual(promptTokens(prompt));
      expect(promptTokens(prompt)).toBeGreaterThan(textTokens(prompt));
    }
  });
});

import { describe, expect, it } from "vitest";
import type { AttemptRecord, Usage } from "../pipeline/exchange.ts";
import { noUsage, Received, totalUsage, unknownUsage } from "./usage.ts";

const record = (usage: Usage): AttemptRecord => ({
  target: "a",
  failure: "ok",
  status: 200,
  ms: 1,
  usage,
});
const reported: Usage = { inputTokens: 3, outputTokens: 5 };
const estimated: Usage = { inputTokens: 2, outputTokens: 4, source: "estimated" };

describe("usage of all attempts together", () => {
  it.each([
    ["one attempt is its own", [reported], reported],
    ["no attempt is none", [], noUsage],
    ["failed ones add nothing", [noUsage, reported], { ...reported, source: "provider" }],
    [
      "an unknown beside a report adds nothing",
      [unknownUsage, reported],
      { ...reported, source: "provider" },
    ],
    [
      "an estimate makes the sum an estimate",
      [estimated, reported],
      { inputTokens: 5, outputTokens: 9, source: "estimated" },
    ],
    ["only unknown stays unknown, never 0 known", [unknownUsage, noUsage], unknownUsage],
    ["only failed ones are none", [noUsage, noUsage], noUsage],
  ])("%s", (_name, usages, expected) => {
    expect(totalUsage(usages.map(record))).toEqual(expected);
  });
});

describe("what was received", () => {
  it("nothing is no token", () => {
    expect(new Received().tokens).toBe(0);
  });

  it("events of one length are a token each", () => {
    const received = new Received();
    for (let i = 0; i < 10; i++) received.add(100);
    expect(received.tokens).toBe(10);
  });

  it("longer events count by the text in them, four bytes a token", () => {
    const received = new Received();
    received.add(100);
    received.add(499);
    expect(received.tokens).toBe(Math.ceil((599 - 2 * 99) / 4));
  });
});

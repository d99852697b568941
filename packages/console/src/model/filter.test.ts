import { describe, expect, it } from "vitest";
import { filterOf, type Searchable } from "./filter.ts";

const row: Searchable = {
  text: "chat.p99 response time of /v1/chat",
  fields: { verdict: ["inconclusive"], category: ["Performance & Capacity"], required: ["yes"] },
};

describe("filter", () => {
  it.each([
    ["", true],
    ["chat response", true],
    ["chat nothing", false],
    ["verdict:inconclusive", true],
    ["verdict:passed", false],
    ["-verdict:passed", true],
    ["-chat", false],
    ['category:"performance & capacity" required:yes', true],
    ["severity:high", false],
    ["CHAT.P99", true],
    ["/v1/chat", true],
    ["http://x", false],
    ["verdict:", true],
  ])("%j takes the row: %s", (query, taken) => {
    expect(filterOf(query)(row)).toBe(taken);
  });
});

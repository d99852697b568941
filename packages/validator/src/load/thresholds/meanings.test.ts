import { describe, expect, it } from "vitest";
import { elsewhereOf, meanings } from "./meanings.ts";
import { loadMetrics } from "./metrics.ts";
import { readSelector } from "./selector.ts";

describe("what metrics mean", () => {
  it("each that a threshold may name has one definition, and nothing else has", () => {
    expect(Object.keys(meanings).toSorted()).toEqual(
      loadMetrics.map(({ name }) => name).toSorted(),
    );
    for (const [name, { means }] of Object.entries(meanings)) expect(means, name).not.toBe("");
  });

  it("a name of two tools is told apart: the same letters are not the same measure", () => {
    expect(elsewhereOf("itl")).toEqual([
      "vLLM's ITL is icl",
      "AIPerf's ITL is tpot",
      "GuideLLM's ITL is tpot",
    ]);
    expect(elsewhereOf("output_token_throughput")).toContain(
      "vLLM's output token throughput is output_tokens",
    );
    expect(elsewhereOf("e2el")).toEqual(["vLLM's E2EL is e2e"]);
    expect(elsewhereOf("respons_time")).toEqual([]);
  });

  it("a threshold that uses one is refused with what it is here", () => {
    const read = (): unknown => readSelector("ITL{scenario:chat}", { scenarios: { chat: [] } });
    expect(read).toThrow(/no metric ITL \(vLLM's ITL is icl; AIPerf's ITL is tpot; /);
  });
});

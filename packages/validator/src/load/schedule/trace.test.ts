import { describe, expect, it } from "vitest";
import type { LoadPlan, TraceScenario } from "../types.ts";
import { arrivalChunks } from "./arrivals.ts";
import { digestSchedule } from "./hash.ts";
import { parseTrace, tracePrompt } from "./trace.ts";

const mooncake = [
  { timestamp: 1000, input_length: 1100, output_length: 5, hash_ids: [7, 8, 9] },
  { timestamp: 1000, input_length: 1030, output_length: 9, hash_ids: [7, 8, 10] },
  { timestamp: 13_500, input_length: 40, output_length: 1, hash_ids: [11] },
];
const jsonl = mooncake.map((row) => `${JSON.stringify(row)}\n`).join("");
const scenario = (trace = parseTrace(jsonl, "mooncake")): TraceScenario => ({
  executor: "trace-replay",
  trace,
  request: { kind: "chat", model: "m", messages: [], maxTokens: 1, stream: false },
});
const refused = expect.objectContaining({ code: "LL_LOAD_TRACE_INVALID" });

describe("trace", () => {
  it("times are kept from the first row, tokens and prefix blocks as they are", () => {
    const trace = parseTrace(jsonl, "mooncake");
    expect([...trace.atMs]).toEqual([0, 0, 12_500]);
    expect([...trace.inputTokens]).toEqual([1100, 1030, 40]);
    expect([...trace.outputTokens]).toEqual([5, 9, 1]);
    expect([...trace.hashIds]).toEqual([7, 8, 9, 7, 8, 10, 11]);
    expect([...trace.hashStart]).toEqual([0, 3, 6, 7]);
  });

  it("Azure's and BurstGPT's columns are found by name, their clocks in their own units", () => {
    const azure = parseTrace(
      "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109\r\n",
      "azure",
    );
    expect(azure.atMs[1]).toBeCloseTo(4314.579, 2);
    expect([...azure.outputTokens]).toEqual([44, 109]);
    const burst = parseTrace(
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45.5,ChatGPT,1087,230,1317,Conversation log\n",
      "burstgpt",
    );
    expect([...burst.atMs]).toEqual([0, 40_500]);
    expect([...burst.inputTokens]).toEqual([472, 1087]);
  });

  it("a line that cannot be read is refused by its number", () => {
    const bad: [string, string, "mooncake" | "azure" | "burstgpt"][] = [
      ["", "Line 1", "mooncake"],
      [`${jsonl}nonsense\n`, "Line 4", "mooncake"],
      [`${jsonl}${JSON.stringify({ ...mooncake[0], timestamp: 9 })}\n`, "Line 4", "mooncake"],
      [`${JSON.stringify({ ...mooncake[0], hash_ids: [1.5] })}\n`, "Line 1", "mooncake"],
      [`${JSON.stringify({ ...mooncake[0], input_length: -1 })}\n`, "Line 1", "mooncake"],
      ["a,b,c\n1,2,3\n", "Line 2", "burstgpt"],
      ["Timestamp,Request tokens,Response tokens\n1,2\n", "Line 2", "burstgpt"],
      ["Timestamp,Request tokens,Response tokens\n,2,3\n", "Line 2", "burstgpt"],
      ["TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,2\n", "Line 2", "azure"],
    ];
    for (const [text, line, format] of bad) {
      expect(() => parseTrace(text, format)).toThrow(refused);
      expect(() => parseTrace(text, format)).toThrow(line);
    }
  });

  it("rows that share prefix blocks share their text byte for byte, and only there", () => {
    const trace = parseTrace(jsonl, "mooncake");
    const [one = "", two = "", three = ""] = [0, 1, 2].map((row) => tracePrompt(trace, row, 7));
    const shared = one.split(" ").slice(0, 1024).join(" ");
    expect(two.startsWith(shared)).toBe(true);
    expect(two.slice(shared.length, shared.length + 20)).not.toBe(
      one.slice(shared.length, shared.length + 20),
    );
    expect(one.split(" ")).toHaveLength(1100);
    expect(two.split(" ")).toHaveLength(1030);
    expect(three.split(" ")).toHaveLength(40);
    expect(tracePrompt(trace, 0, 7)).toBe(one);
    expect(tracePrompt(trace, 0, 8)).not.toBe(one);
  });

  it("a replay keeps the trace's times, divided by its speed, in chunks of 10 s", () => {
    const chunks = [...arrivalChunks({ ...scenario(), speed: 1 }, 1)].map((one) => [...one]);
    expect(chunks).toEqual([[0, 0], [12_500]]);
    const fast = [...arrivalChunks({ ...scenario(), speed: 5 }, 1)].flatMap((one) => [...one]);
    expect(fast).toEqual([0, 0, 2500]);
  });

  it("the hash covers the trace's times, tokens and blocks", () => {
    const hashOf = (text: string): string => {
      const plan: LoadPlan = {
        target: { baseUrl: "http://127.0.0.1" },
        seed: 7,
        scenarios: { s: scenario(parseTrace(text, "mooncake")) },
        limits: [],
      };
      return digestSchedule(plan).hash;
    };
    const others = ["12500", "13501"].map((time) => jsonl.replace("13500", time));
    others.push(jsonl.replace('"output_length":9', '"output_length":8'));
    others.push(jsonl.replace("[11]", "[12]"));
    expect(new Set([jsonl, ...others].map(hashOf)).size).toBe(5);
    expect(hashOf(jsonl)).toBe(hashOf(jsonl));
  });
});

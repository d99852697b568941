import { z } from "zod";
import { durationMs } from "../../config/values.ts";
import type { Provider } from "../provider.ts";
import { createSimulator } from "./simulator.ts";

const minuteMs = 60_000;

/** Schema of a simulated target. */
export const simulatorSettings = z.strictObject({
  provider: z.literal("simulator"),
  model: z.string().min(1).max(256).default("simulated").describe("Name shown in answers."),
  latency: durationMs({ min: 0, max: 10 * minuteMs, default: 5 }).describe(
    "Time to a whole answer, or to the first token of a stream (ms).",
  ),
  tokensPerSecond: z.number().min(0.1).max(1e6).default(200).describe("Rate within a stream."),
  tokens: z.int().min(1).max(100_000).default(16).describe("Tokens of each answer."),
  errorEvery: z
    .int()
    .min(0)
    .max(1e9)
    .default(0)
    .describe("Every n-th request is answered with errorStatus; 0: none."),
  errorStatus: z.int().min(400).max(599).default(500).describe("Status of the planned errors."),
  cutEvery: z
    .int()
    .min(0)
    .max(1e9)
    .default(0)
    .describe("Every n-th stream breaks off after half of its tokens; 0: none."),
  dimensions: z.int().min(1).max(4096).default(8).describe("Length of an embedding."),
});

export type SimulatorSettings = z.output<typeof simulatorSettings>;

/** A deterministic upstream inside the process, for development. */
export const simulator: Provider = {
  id: "simulator",
  summary: "Deterministic latency, token rate, errors and cut streams, inside the process.",
  paths: { chat: "/chat/completions", completions: "/completions", embeddings: "/embeddings" },
  usage: { streamOption: true },
  end: "required",
  production: false,
  schema: simulatorSettings,
  open: (_name, target, deps) => createSimulator(simulatorSettings.parse(target), deps.clock),
};

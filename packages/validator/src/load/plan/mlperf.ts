import type { GoodSlo } from "../types.ts";

/**
 * Limits at p99 of MLPerf Inference's server scenario, by model: time to the first token, time per
 * token after it. An answer within both is good; that 99 % are proves both percentiles.
 */
export const mlperfLimits = {
  "llama2-70b": { ttftMs: 2_000, tpotMs: 200 },
  "llama2-70b-interactive": { ttftMs: 450, tpotMs: 40 },
  "llama3.1-8b": { ttftMs: 2_000, tpotMs: 100 },
  "llama3.1-8b-interactive": { ttftMs: 500, tpotMs: 30 },
  "llama3.1-405b": { ttftMs: 6_000, tpotMs: 175 },
  "deepseek-r1": { ttftMs: 2_000, tpotMs: 80 },
  "deepseek-r1-interactive": { ttftMs: 1_500, tpotMs: 15 },
  "gpt-oss-120b": { ttftMs: 3_000, tpotMs: 80 },
} as const satisfies Record<string, GoodSlo>;

export type MlperfModel = keyof typeof mlperfLimits;

/** The models there are limits for. */
export const mlperfModels = Object.keys(mlperfLimits) as readonly string[] as readonly [
  MlperfModel,
  ...MlperfModel[],
];

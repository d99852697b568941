import { z } from "zod";
import { durationMs } from "../config/values.ts";

const minuteMs = 60_000;

/** The gateway's call to itself, after it begins to listen and after each reload. */
export const selfProbeConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Ready only once a call of its own came through every stage of chat completions."),
    timeout: durationMs({ min: 100, max: 5 * minuteMs, default: 10_000 }).describe(
      "Time for one such call (ms); one that fails is made again, later each time, up to 30 s.",
    ),
  })
  .describe("The gateway calls itself at its start and after each reload.");

export type SelfProbeConfig = z.output<typeof selfProbeConfig>;

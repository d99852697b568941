import { z } from "zod";

/** How many processes serve; 1 is this process alone, without a supervisor. */
export const workersSection = z
  .int()
  .min(1)
  .max(64)
  .default(1)
  .describe("Processes that serve the one port; above 1 a supervisor keeps state for them.");

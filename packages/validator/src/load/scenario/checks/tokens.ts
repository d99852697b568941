import { z } from "zod";
import type { LoadCheck } from "./check.ts";

/** Output tokens by the server's usage; an unknown count breaks it. */
export const tokensCheck: LoadCheck<{
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}> = {
  id: "tokens",
  summary: "the server's usage tells at least `min` and at most `max` output tokens",
  schema: z.strictObject({ min: z.int().min(0).optional(), max: z.int().min(0).optional() }),
  needs: "head",
  holds: ({ tokens }, { min, max }) =>
    tokens >= (min ?? 0) && tokens <= (max ?? Number.MAX_SAFE_INTEGER),
  saboteur: { wanted: { min: 1 }, clean: { tokens: 1 }, broken: { tokens: -1 } },
};

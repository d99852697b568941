import { z } from "zod";
import type { LoadCheck } from "./check.ts";

/** Bounds of the body, in bytes as read. */
export const sizeCheck: LoadCheck<{
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}> = {
  id: "bytes",
  summary: "the body has at least `min` and at most `max` bytes",
  schema: z.strictObject({ min: z.int().min(0).optional(), max: z.int().min(0).optional() }),
  needs: "head",
  holds: ({ bodyBytes }, { min, max }) =>
    bodyBytes >= (min ?? 0) && bodyBytes <= (max ?? Number.MAX_SAFE_INTEGER),
  saboteur: { wanted: { min: 2, max: 3 }, clean: { body: "abc" }, broken: { body: "a" } },
};

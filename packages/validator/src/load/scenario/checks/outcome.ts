import { z } from "zod";
import type { LoadCheck } from "./check.ts";

/** The request ended as wanted, by the engine's classes. */
export const outcomeCheck: LoadCheck<string> = {
  id: "outcome",
  summary: "the request ended in this class: ok, status_429, reset, ...",
  schema: z.string().regex(/^[a-z0-9_]+$/, "a class such as ok, status_429 or reset"),
  needs: "head",
  holds: ({ outcome }, wanted) => outcome === wanted,
  saboteur: { wanted: "ok", clean: {}, broken: { outcome: "status_429", status: 429 } },
};

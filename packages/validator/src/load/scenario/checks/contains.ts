import { z } from "zod";
import type { LoadCheck } from "./check.ts";

/** The body contains a text, or all of several. */
export const containsCheck: LoadCheck<string | readonly string[]> = {
  id: "contains",
  summary: "the body contains this text, or all of these",
  schema: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(50)], {
    error: "a text or a list of them",
  }),
  needs: "body",
  holds: (answer, wanted) =>
    typeof wanted === "string"
      ? answer.text().includes(wanted)
      : wanted.every((text) => answer.text().includes(text)),
  saboteur: { wanted: ["a", "b"], clean: { body: "b and a" }, broken: { body: "a" } },
};

import { z } from "zod";
import type { LoadCheck } from "./check.ts";

/** Every named header is there; where a text is given, its value contains it. */
export const headerCheck: LoadCheck<Readonly<Record<string, string>>> = {
  id: "header",
  summary: "each header is there and contains its text; an empty text asks for any value",
  schema: z.record(z.string().min(1), z.string()),
  needs: "head",
  holds: (answer, wanted) =>
    Object.entries(wanted).every(([name, text]) => {
      const value = answer.header(name.toLowerCase());
      return value !== "" && value.includes(text);
    }),
  saboteur: {
    wanted: { "Content-Type": "json", "retry-after": "" },
    clean: { headers: { "content-type": "application/json", "retry-after": "1" } },
    broken: { headers: { "content-type": "application/json" } },
  },
};

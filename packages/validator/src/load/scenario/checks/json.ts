import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { valueAt } from "../json-path.ts";
import type { LoadCheck } from "./check.ts";

/** Values of a JSON body by their paths; null in the plan asks for any value but null. */
export const jsonCheck: LoadCheck<Readonly<Record<string, unknown>>> = {
  id: "json",
  summary: "the JSON body has these values at these paths (a.b.0); null asks for any value",
  schema: z.record(z.string().min(1), z.json()),
  needs: "body",
  holds: (answer, wanted) => {
    const body = answer.json();
    return Object.entries(wanted).every(([path, value]) => {
      const found = valueAt(body, path);
      return value === null
        ? found !== undefined && found !== null
        : isDeepStrictEqual(found, value);
    });
  },
  saboteur: {
    wanted: { "items.0.id": 7, items: null },
    clean: { body: '{"items":[{"id":7}]}' },
    broken: { body: '{"items":[{"id":"7"}]}' },
  },
};

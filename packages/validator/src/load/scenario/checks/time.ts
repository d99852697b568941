import type { z } from "zod";
import { duration } from "../../plan/fields.ts";
import type { LoadCheck } from "./check.ts";

/** The answer was whole within a time, from the moment of sending. */
export const timeCheck: LoadCheck<z.output<typeof duration>> = {
  id: "within",
  summary:
    "the answer was whole within this time of sending; limits on all requests are thresholds",
  schema: duration,
  needs: "head",
  holds: ({ serviceMs }, wanted) => serviceMs <= wanted,
  saboteur: { wanted: 500, clean: { serviceMs: 500 }, broken: { serviceMs: 501 } },
};

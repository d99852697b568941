import { z } from "zod";
import type { LoadCheck } from "./check.ts";

const code = z.int().min(100).max(599);

/** The status is the wanted one, or one of them. */
export const statusCheck: LoadCheck<number | readonly number[]> = {
  id: "status",
  summary: "the status is this one, or one of these",
  schema: z.union([code, z.array(code).min(1).max(50)], { error: "a status or a list of them" }),
  needs: "head",
  holds: ({ status }, wanted) =>
    typeof wanted === "number" ? status === wanted : wanted.includes(status),
  saboteur: { wanted: [200, 201], clean: { status: 201 }, broken: { status: 202 } },
};

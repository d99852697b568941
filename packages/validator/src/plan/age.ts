import { parseQuantity, quantityMs } from "@loadline/contract";
import { z } from "zod";

/** A length of time up to 30 days, read as ms. */
export const ageMs = z.string().transform((text, context) => {
  const quantity = parseQuantity(text);
  const ms = quantity === null ? null : quantityMs(quantity);
  if (ms !== null && ms > 0 && ms <= 30 * 86_400_000) return ms;
  context.addIssue({ code: "custom", message: `give a time up to 720 h such as "24 h"` });
  return z.NEVER;
});

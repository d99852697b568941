import { z } from "zod";

/**
 * Controls, also those of eight bits that terminals obey, marks that change the direction or the
 * line of what stands behind them, and halves of a character.
 */
const unprintable =
  "\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufeff";

/** A text of 1 to `charsMax` characters that shows as what it is in a terminal, a log and a table. */
export function printableText(charsMax: number, message: string): z.ZodString {
  return z.string().regex(new RegExp(`^[^${unprintable}]{1,${charsMax}}$`, "u"), message);
}

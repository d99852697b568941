import { z } from "zod";

const words = z.string().max(2_000);

/** What a text is to be: a program's output, or the answer to a query. All that is given holds. */
export const expectationFields = {
  equals: words.optional().describe("what it is to be, blanks around it left out"),
  contains: words.min(1).optional().describe("text that is to be in it"),
  min: z.number().optional().describe("least number it is to be"),
  max: z.number().optional().describe("greatest number it is to be"),
};

const expectation = z.object(expectationFields);

export type Expectation = z.infer<typeof expectation>;

/** Name of one of several declared checks. */
export const checkName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}$/, "a lower-case name such as disk_free");

const reference = /\$\{(env|file):[^}]*\}/;

/** A text that is sent or run as it is written: a reference in it would be, too. */
export const plainText = z
  .string()
  .max(10_000)
  .refine((text) => !reference.test(text), "no reference is filled in here");

/** How a text is not as expected; null when it is. Of the text itself numbers alone are told. */
export function textFault({ equals, contains, min, max }: Expectation, text: string) {
  const said = text.trim();
  if (equals !== undefined && said !== equals.trim()) return `is not ${JSON.stringify(equals)}`;
  if (contains !== undefined && !text.includes(contains))
    return `is without ${JSON.stringify(contains)}`;
  if (min === undefined && max === undefined) return null;
  const number = said === "" ? Number.NaN : Number(said);
  if (Number.isNaN(number)) return "is no number";
  if (min !== undefined && number < min) return `is ${number}, less than ${min}`;
  return max !== undefined && number > max ? `is ${number}, more than ${max}` : null;
}

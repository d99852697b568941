import { z } from "zod";

/** A scenario whose users or rate may be changed while it runs. */
export interface Editable {
  readonly scenario: string;
  readonly of: "users" | "rate";
  /** Never above this. */
  readonly max: number;
}

const editSchema = z.strictObject({ scenario: z.string().max(200), value: z.number().min(0) });

/** What a page asks to change; `value` is users or requests per second. */
export interface Edit {
  readonly scenario: string;
  readonly of: Editable["of"];
  readonly value: number;
}

/** Reads a page's request to change something; a sentence when it may not. */
export function readEdit(text: string, editable: readonly Editable[]): Edit | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return error instanceof SyntaxError ? "is not JSON" : "cannot be read";
  }
  const read = editSchema.safeParse(value);
  if (!read.success) return "needs { scenario, value }";
  const found = editable.find(({ scenario }) => scenario === read.data.scenario);
  if (found === undefined) return "names no scenario whose traffic may be changed";
  if (read.data.value > found.max) return `is above the cap of ${found.max}`;
  if (found.of === "users" && !Number.isInteger(read.data.value)) return "is no whole number";
  if (found.of === "rate" && read.data.value === 0) return "is no rate above 0";
  return { ...read.data, of: found.of };
}

import type { JsonRecord } from "@loadline/kit/json";
import { type Judged, untold } from "./judged.ts";

/** A value beside the schema that one word of it is to judge. */
export interface Beside {
  readonly schema: JsonRecord;
  readonly value: unknown;
  /** Where the value stands, such as `body.items[3]`. */
  readonly at: string;
  /** Another value against another schema, both from below this one. */
  inner(schema: unknown, value: unknown, at: string): Judged;
  /** Whether a pattern of the document finds something in a text; a clause where nobody can tell. */
  finds(pattern: string, text: string): boolean | string;
}

/** Judges one word of a schema; `said` is what stands behind it. A word of another type fits. */
export type Word = (beside: Beside, said: unknown) => Judged;

const nameCharsMax = 60;

/** The place of a member. */
export const memberAt = (at: string, name: string): string =>
  `${at}.${name.length > nameCharsMax ? `${name.slice(0, nameCharsMax)}...` : name}`;

/** A word whose value is of no shape that JSON Schema gives it. */
export const malformed = (at: string, name: string): Judged =>
  untold(`${name} of ${at}, which is not as JSON Schema has it`);

import { z } from "zod";
import { printableText } from "../../identity/printable.ts";

/** A name that is looked up or compared: no store is asked for what none can hold. */
export const nameText = printableText(160, "is not 1 to 160 printable characters");
/** Shapes that several operations share. */
export const idParams = z.strictObject({ id: nameText });
export const isoTime = z.string().describe("UTC, ISO 8601.");

export const pageQuery = {
  after: nameText.optional().describe("Items after this id."),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("Items of a page."),
};

/** A page of items; `next` is the `after` of the following page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    next: z.string().nullable().describe("The next page's `after`; null on the last."),
  });
}

/** Cuts a list that was asked with one item more than the page holds. */
export function page<T extends { readonly id: string }>(
  items: readonly T[],
  limit: number,
): { data: T[]; next: string | null } {
  const data = items.slice(0, limit);
  const isMore = items.length > limit;
  return { data, next: isMore ? (data.at(-1)?.id ?? null) : null };
}

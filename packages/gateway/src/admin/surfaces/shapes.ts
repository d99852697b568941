import { z } from "zod";

/** Shapes that several operations share. */
export const idParams = z.strictObject({ id: z.string().min(1).max(160) });
export const isoTime = z.string().describe("UTC, ISO 8601.");

export const pageQuery = {
  after: z.string().min(1).max(160).optional().describe("Items after this id."),
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

import { gatewayErrors } from "../../errors.ts";

const pageMax = 1000;

/** 1 to 1,000; LL_STATE_FIELD outside, default 1,000. */
export function pageSize(limit: number | undefined): number {
  const size = limit ?? pageMax;
  if (Number.isInteger(size) && size >= 1 && size <= pageMax) return size;
  throw gatewayErrors.make("LL_STATE_FIELD", `A page is 1 to ${pageMax} rows, not ${size}.`);
}

/** Refuses a batch over 1,000. */
export function batchOf<T extends { readonly length: number }>(rows: T): T {
  if (rows.length <= pageMax) return rows;
  throw gatewayErrors.make("LL_STATE_FIELD", `A batch is at most ${pageMax}, not ${rows.length}.`);
}

export function listText(list: readonly string[]): string;
export function listText(list: readonly string[] | undefined): string | null;
export function listText(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list);
}

/** A stored list; LL_STATE_CORRUPT when the column holds something else. */
export function listOf(text: string): string[] {
  const value: unknown = JSON.parse(text);
  const isList = Array.isArray(value) && value.every((one) => typeof one === "string");
  if (isList) return value;
  throw gatewayErrors.make("LL_STATE_CORRUPT", "A list of the store is not a list of texts.");
}

export function optionalListOf(text: string | null): string[] | undefined {
  return text === null ? undefined : listOf(text);
}

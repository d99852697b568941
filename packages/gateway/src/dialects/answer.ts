import { parseJson } from "@loadline/kit/json";
import type { KeyTable } from "../body/keys.ts";
import { isScanProblem, scanObject } from "../body/scan.ts";
import type { Usage } from "../pipeline/exchange.ts";

/** The usage of a whole answer with content, or what is wrong with it. */
export type AnswerReading = { readonly usage: Usage | undefined } | string;

/**
 * Reads a whole answer without parsing it. `keys` names the members `error`, `usage` and the one
 * that holds the content, in this order.
 */
export function readWhole(
  bytes: Buffer,
  keys: KeyTable,
  usageOf: (value: unknown) => Usage | undefined,
): AnswerReading {
  const scan = scanObject(bytes, keys);
  if (isScanProblem(scan)) return scan.message;
  const [error = -1, from = -1, content = -1] = scan.starts;
  if (has(bytes, error)) return "an error under status 200";
  if (!has(bytes, content)) return "an answer without content";
  const text = from < 0 ? "null" : bytes.toString("utf8", from, scan.ends[1]);
  return { usage: usageOf(parseJson(text)) };
}

/** Whether a member is present and not null. */
function has(bytes: Buffer, start: number): boolean {
  return start >= 0 && bytes[start] !== 0x6e;
}

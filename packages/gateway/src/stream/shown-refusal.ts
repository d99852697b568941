import { isRecord, parseJson } from "@loadline/kit/json";
import type { Translation } from "../dialects/dialect.ts";

/**
 * An upstream's refusal as its caller reads it: the upstream's own bytes, or their translation. Google
 * sends a list of one, which no client of ours reads. Undefined when it is no JSON object.
 */
export function shownRefusal(
  body: Buffer | undefined,
  translation: Pick<Translation, "error"> | undefined,
): Buffer | undefined {
  const parsed = body && parseJson(body.toString());
  const error: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!body || !isRecord(error)) return undefined;
  if (translation) return translation.error(body);
  return error === parsed ? body : Buffer.from(JSON.stringify(error));
}

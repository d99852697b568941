import { isRecord } from "@loadline/kit/json";

const hopsMax = 32;

/** A step of a fragment without its percent-encoding (RFC 6901, 6); a malformed one as it stands. */
function unescaped(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch (error) {
    if (error instanceof URIError) return step;
    throw error;
  }
}

const stepsOf = (reference: string): string[] =>
  reference
    .slice(2)
    .split("/")
    .map((step) => unescaped(step).replaceAll("~1", "/").replaceAll("~0", "~"));

const member = (held: unknown, step: string): unknown => {
  if (Array.isArray(held)) return held[Number(step)] as unknown;
  return isRecord(held) && Object.hasOwn(held, step) ? held[step] : undefined;
};

/** What stands at a local reference `#/...` of a document; undefined where nothing does. */
export const pointed = (document: unknown, reference: string): unknown =>
  stepsOf(reference).reduce<unknown>(member, document);

/**
 * What stands behind local references `#/...` of a document, 32 of them at most; undefined for one
 * that leads nowhere, round, or out of the document. What refers to nothing is itself.
 */
export function followed(document: unknown, value: unknown): unknown {
  let held = value;
  for (let hop = 0; hop <= hopsMax; hop++) {
    const reference = isRecord(held) ? held["$ref"] : undefined;
    if (typeof reference !== "string") return held;
    if (!reference.startsWith("#/")) return undefined;
    held = pointed(document, reference);
  }
  return undefined;
}

import { keyTable } from "../body/keys.ts";
import { isScanProblem, scanObject } from "../body/scan.ts";
import { gatewayErrors } from "../errors.ts";

const space = /^[ \t\r\n]*$/;

/**
 * Reads bodies that are one JSON object, or nothing but blanks: undefined. As for models, at most 64
 * deep and 10,000 members, UTF-8, and each of `members` at most once.
 * @throws LL_BODY_INVALID_JSON, LL_BODY_DUPLICATE_KEY
 */
export function jsonReader(members: Iterable<string>): (bytes: Buffer) => unknown {
  const keys = keyTable([...new Set(members)]);
  return (bytes) => {
    const text = bytes.toString();
    if (space.test(text)) return undefined;
    const scan = scanObject(bytes, keys);
    if (isScanProblem(scan)) {
      const { code, offset, message, field } = scan;
      const param = field === undefined ? {} : { param: field };
      throw gatewayErrors.make(code, `${message} at byte ${offset}.`, param);
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw gatewayErrors.make("LL_BODY_INVALID_JSON", undefined, { cause });
    }
  };
}

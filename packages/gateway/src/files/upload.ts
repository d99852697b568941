import { gatewayErrors } from "../errors.ts";
import type { FormPart } from "./multipart.ts";

/** What a caller uploads. */
export interface Upload {
  readonly filename: string;
  readonly purpose: string;
  readonly bytes: Buffer;
}

/** What the API that clients know calls purposes of files they send. */
export const purposes = ["assistants", "batch", "evals", "fine-tune", "user_data", "vision"];

const nameCharsMax = 255;
const badName = /[\u0000-\u001f\u007f/\\]|^\.{0,2}$/;

/** The parts `file` and `purpose`, once each, and no others. @throws LL_BODY_* */
export function uploadOf(parts: readonly FormPart[]): Upload {
  const stranger = parts.find(({ name }) => name !== "file" && name !== "purpose");
  if (stranger) {
    const param = stranger.name.slice(0, 64);
    throw gatewayErrors.make("LL_BODY_UNKNOWN_FIELD", `${param} does not exist.`, { param });
  }
  const file = only(parts, "file");
  const { filename } = file;
  if (filename === undefined) throw wrong("file", "it has no file name");
  if (filename.length > nameCharsMax || badName.test(filename))
    throw wrong("file", `a name has 1 to ${nameCharsMax} characters, no path and no controls`);
  const purpose = only(parts, "purpose").bytes.toString("utf8");
  if (!purposes.includes(purpose)) throw wrong("purpose", `expected ${purposes.join(", ")}`);
  return { filename, purpose, bytes: file.bytes };
}

function only(parts: readonly FormPart[], name: string): FormPart {
  const [part, ...others] = parts.filter((one) => one.name === name);
  if (!part) throw wrong(name, "it is missing");
  if (others.length > 0)
    throw gatewayErrors.make("LL_BODY_DUPLICATE_KEY", `${name} occurs twice.`, { param: name });
  return part;
}

function wrong(param: string, what: string): Error {
  return gatewayErrors.make("LL_BODY_FIELD", `${param}: ${what}.`, { param });
}

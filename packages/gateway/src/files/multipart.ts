import { gatewayErrors } from "../errors.ts";

/** One part of a form. */
export interface FormPart {
  readonly name: string;
  /** Undefined for a part that is no file. */
  readonly filename: string | undefined;
  /** A view into the body. */
  readonly bytes: Buffer;
}

const typePattern =
  /^multipart\/form-data\s*;\s*boundary=(?:"([0-9A-Za-z'()+_,./:=? -]{1,70})"|([0-9A-Za-z'()+_./:=?-]{1,70}))$/i;
const dispositionPattern = /^form-data((?:\s*;\s*[a-z]+\*?=(?:"(?:[^"\\]|\\.)*"|[^\s;"]+))+)\s*$/i;
const memberPattern = /;\s*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/gi;
const headBytesMax = 8192;
const partsMax = 20;
const crlf = "\r\n";

/** The boundary of a content type; undefined when it is not multipart/form-data. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const found = typePattern.exec(contentType ?? "");
  return found?.[1] ?? found?.[2];
}

/** The parts of a form, at most 20, nothing before or behind them. @throws LL_BODY_MULTIPART */
export function readForm(body: Buffer, boundary: string): FormPart[] {
  const delimiter = Buffer.from(`${crlf}--${boundary}`, "latin1");
  const first = delimiter.subarray(crlf.length);
  if (!body.subarray(0, first.length).equals(first)) throw malformed("its boundary is missing");
  const parts: FormPart[] = [];
  let at = first.length;
  while (!isEnd(body, at)) {
    if (parts.length === partsMax) throw malformed(`it has over ${partsMax} parts`);
    if (body.toString("latin1", at, at + 2) !== crlf) throw malformed("a boundary goes on");
    const end = body.indexOf(delimiter, at);
    if (end < 0) throw malformed("its last boundary is missing");
    parts.push(partOf(body.subarray(at + crlf.length, end)));
    at = end + delimiter.length;
  }
  return parts;
}

/** The last boundary, and a line end at most behind it. */
function isEnd(body: Buffer, at: number): boolean {
  const rest = body.toString("latin1", at, at + 5);
  return rest === "--" || rest === `--${crlf}`;
}

function partOf(bytes: Buffer): FormPart {
  // A part without headers begins with the empty line itself.
  const end = bytes.subarray(0, headBytesMax).indexOf(crlf + crlf);
  if (end < 0) throw malformed("a part's headers have no end");
  const lines = bytes.toString("utf8", 0, end).split(crlf);
  const dispositions = lines.filter((line) => /^content-disposition:/i.test(line));
  const [line] = dispositions;
  if (line === undefined || dispositions.length > 1)
    throw malformed("a part has not exactly one Content-Disposition");
  if (lines.some((one) => /^content-transfer-encoding:/i.test(one)))
    throw malformed("a part has a transfer encoding");
  const members = membersOf(line.slice(line.indexOf(":") + 1).trim());
  const name = members.get("name");
  if (name === undefined) throw malformed("a part has no name");
  const filename = members.get("filename*") ?? members.get("filename");
  return { name, filename, bytes: bytes.subarray(end + 2 * crlf.length) };
}

function membersOf(disposition: string): ReadonlyMap<string, string> {
  const list = dispositionPattern.exec(disposition)?.[1];
  if (list === undefined) throw malformed("a Content-Disposition is not of a form");
  const members = new Map<string, string>();
  for (const [, rawName = "", quoted, token] of list.matchAll(memberPattern)) {
    const name = rawName.toLowerCase();
    if (members.has(name)) throw malformed(`a Content-Disposition repeats ${name}`);
    const value = quoted?.replace(/\\(.)/g, "$1") ?? token ?? "";
    members.set(name, name.endsWith("*") ? extended(value) : escapes(value));
  }
  return members;
}

/** Browsers write a quote and line ends of a file name as %22, %0D, %0A. */
function escapes(text: string): string {
  return text.replace(/%(22|0D|0A)/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** `UTF-8''caf%C3%A9`. */
function extended(text: string): string {
  const value = /^utf-8'[a-z-]*'(.*)$/i.exec(text)?.[1];
  try {
    if (value !== undefined) return decodeURIComponent(value);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
  }
  throw malformed("a file name is not in UTF-8");
}

function malformed(what: string): Error {
  return gatewayErrors.make("LL_BODY_MULTIPART", `The form cannot be read: ${what}.`);
}

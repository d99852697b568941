import { colon, del, isBlank, isToken, lengthOf, space, tab } from "./bytes.ts";

/** What a response head says about framing; null text fields mean absent. */
export interface Head {
  status: number;
  headers: string[];
  /** HTTP minor version, 0 or 1. */
  minor: number;
  /** Content-Length, -1 when absent. */
  length: number;
  chunked: boolean;
  /** The connection may stay open as far as the head says. */
  keep: boolean;
  keepAliveMs: number;
  /** `keep-alive: max=`, -1 when absent. */
  keepAliveMax: number;
}

const version = "HTTP/1.";
export const notHttp = "not an HTTP/1.x answer";

/** Whether the bytes from `start` on may become a head; false for the greeting of another protocol. */
export function mayBeHttp(bytes: Uint8Array, start: number): boolean {
  const seen = Math.min(version.length, bytes.length - start);
  for (let at = 0; at < seen; at++) {
    if (bytes[start + at] !== version.charCodeAt(at)) return false;
  }
  return true;
}

/**
 * Parses a whole head, ending in an empty line, whose line ends are already known to be CRLF.
 * Returns a reason when it is refused.
 */
export function parseHead(text: string): Head | string {
  const first = text.indexOf("\r\n");
  const head: Head = {
    status: 0,
    headers: [],
    minor: 1,
    length: -1,
    chunked: false,
    keep: true,
    keepAliveMs: -1,
    keepAliveMax: -1,
  };
  const bad = parseStatus(text, first, head);
  if (bad !== "") return bad;
  let at = first + 2;
  const end = text.length - 2;
  while (at < end) {
    const lineEnd = text.indexOf("\r\n", at);
    const refused = parseField(text, at, lineEnd, head);
    if (refused !== "") return refused;
    at = lineEnd + 2;
  }
  if (head.chunked && head.length >= 0) return "content-length and transfer-encoding together";
  if (head.chunked && head.minor === 0) return "transfer-encoding in HTTP/1.0";
  return head;
}

function parseStatus(text: string, end: number, head: Head): string {
  const minor = text.charCodeAt(7) - 48;
  if (!text.startsWith(version) || (minor !== 0 && minor !== 1)) return notHttp;
  if (text.charCodeAt(8) !== space) return "malformed status line";
  let status = 0;
  for (let i = 9; i < 12; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return "malformed status";
    status = status * 10 + digit;
  }
  if (status < 100 || end < 12 || (end > 12 && text.charCodeAt(12) !== space)) {
    return "malformed status line";
  }
  head.status = status;
  head.minor = minor;
  head.keep = minor === 1;
  return "";
}

function parseField(text: string, at: number, end: number, head: Head): string {
  const first = text.charCodeAt(at);
  if (first === space || first === tab) return "folded header line";
  let nameEnd = at;
  while (nameEnd < end && isToken(text.charCodeAt(nameEnd))) nameEnd++;
  if (nameEnd === at || nameEnd === end || text.charCodeAt(nameEnd) !== colon) {
    return "malformed header name";
  }
  let from = nameEnd + 1;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  if (hasControl(text, from, to)) return "control character in a header value";
  const name = text.slice(at, nameEnd).toLowerCase();
  const value = text.slice(from, to);
  head.headers.push(name, value);
  return applyFraming(name, value, head);
}

function applyFraming(name: string, value: string, head: Head): string {
  switch (name) {
    case "content-length":
      return applyLength(value, head);
    case "transfer-encoding":
      if (head.chunked || value.toLowerCase() !== "chunked") return "unknown transfer-encoding";
      head.chunked = true;
      return "";
    case "connection":
      applyConnection(value.toLowerCase(), head);
      return "";
    case "keep-alive": {
      const hint = /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(value);
      if (hint) head.keepAliveMs = Number(hint[1]) * 1000;
      const most = /(?:^|[,;\s])max=(\d{1,9})/i.exec(value);
      if (most) head.keepAliveMax = Number(most[1]);
      return "";
    }
    default:
      return "";
  }
}

function applyLength(value: string, head: Head): string {
  for (const part of value.split(",")) {
    const length = lengthOf(part.trim());
    if (length < 0) return "malformed content-length";
    if (head.length >= 0 && head.length !== length) return "differing content-length";
    head.length = length;
  }
  return "";
}

function applyConnection(value: string, head: Head): void {
  for (const part of value.split(",")) {
    const token = part.trim();
    if (token === "close") head.keep = false;
    else if (token === "keep-alive" && head.minor === 0) head.keep = true;
  }
}

function hasControl(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if ((c < space && c !== tab) || c === del) return true;
  }
  return false;
}

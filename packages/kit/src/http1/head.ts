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

const colon = 58;
const space = 32;
const tab = 9;

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
  if (!text.startsWith("HTTP/1.") || (minor !== 0 && minor !== 1)) return "not an HTTP/1.x answer";
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
  const plain = plainLength(value);
  if (plain >= 0 && head.length < 0) {
    head.length = plain;
    return "";
  }
  for (const part of value.split(",")) {
    const digits = part.trim();
    if (!/^\d{1,15}$/.test(digits)) return "malformed content-length";
    const length = Number(digits);
    if (head.length >= 0 && head.length !== length) return "differing content-length";
    head.length = length;
  }
  return "";
}

/** A length of 1 to 15 digits and nothing else, or -1. */
function plainLength(value: string): number {
  if (value.length === 0 || value.length > 15) return -1;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    length = length * 10 + digit;
  }
  return length;
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
    if ((c < space && c !== tab) || c === 127) return true;
  }
  return false;
}

function isBlank(c: number): boolean {
  return c === space || c === tab;
}

/** RFC 9110 token characters. */
function isToken(c: number): boolean {
  if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 45)
    return true;
  return c > 32 && c < 127 && "!#$%&'*+.^_`|~".includes(String.fromCharCode(c));
}

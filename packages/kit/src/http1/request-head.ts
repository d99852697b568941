import { colon, del, isToken, lengthOf, space } from "./bytes.ts";

/** A request head of the plainest form. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** Flat list of names and values as sent, blanks around values left out. */
  readonly headers: readonly string[];
  /** Bytes of the body that follows; 0 without a Content-Length. */
  readonly contentLength: number;
  /** The body comes in chunks: `Transfer-Encoding: chunked`, once, and no Content-Length. */
  readonly isChunked: boolean;
  /** Whether a Content-Length was sent. */
  readonly hasLength: boolean;
  /** The client does not ask for the connection to be closed. */
  readonly keepAlive: boolean;
}

const slash = 47;
const methods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

/**
 * Reads a whole head, given as latin1 text that ends with the CRLF of its last line. Gives undefined
 * for every head that is not of the plainest HTTP/1.1 form, well formed or not: another version, a
 * target that is not a path, a method beyond the common ones, no Host or two, a Transfer-Encoding
 * other than `chunked` or beside a Content-Length, Expect, Upgrade, a repeated Content-Length, an unusual Connection, a line fold,
 * a control byte (a tab, too, also around a value: some readers take `chunked<tab>` for another
 * coding) or one above 126. Whoever calls leaves those to a complete parser.
 */
export function parseRequestHead(text: string, headersMax: number): RequestHead | undefined {
  const lineEnd = text.indexOf("\r\n");
  const methodEnd = text.indexOf(" ");
  const targetEnd = lineEnd - 9;
  if (methodEnd <= 0 || targetEnd <= methodEnd) return undefined;
  if (!text.startsWith(" HTTP/1.1", targetEnd)) return undefined;
  const method = text.slice(0, methodEnd);
  if (!methods.has(method) || !isPath(text, methodEnd + 1, targetEnd)) return undefined;
  const reading = new HeadReading();
  let at = lineEnd + 2;
  while (at < text.length) {
    const end = text.indexOf("\r\n", at);
    if (end === -1 || !reading.field(text, at, end)) return undefined;
    if (reading.headers.length > headersMax * 2) return undefined;
    at = end + 2;
  }
  if (reading.hosts !== 1) return undefined;
  return {
    method,
    target: text.slice(methodEnd + 1, targetEnd),
    headers: reading.headers,
    contentLength: Math.max(0, reading.contentLength),
    isChunked: reading.isChunked,
    hasLength: reading.contentLength >= 0,
    keepAlive: reading.keepAlive,
  };
}

/** What the fields of one head said so far. */
class HeadReading {
  readonly headers: string[] = [];
  contentLength = -1;
  isChunked = false;
  keepAlive = true;
  hosts = 0;

  /** Takes one line; false when the head is not plain. */
  field(text: string, at: number, end: number): boolean {
    let nameEnd = at;
    while (nameEnd < end && isToken(text.charCodeAt(nameEnd))) nameEnd++;
    if (nameEnd === at || text.charCodeAt(nameEnd) !== colon) return false;
    let from = nameEnd + 1;
    let to = end;
    while (from < to && text.charCodeAt(from) === space) from++;
    while (to > from && text.charCodeAt(to - 1) === space) to--;
    for (let i = from; i < to; i++) {
      const byte = text.charCodeAt(i);
      if (byte < space || byte >= del) return false;
    }
    const name = text.slice(at, nameEnd);
    const value = text.slice(from, to);
    this.headers.push(name, value);
    return this.#framing(name, value);
  }

  #framing(name: string, value: string): boolean {
    switch (name.length) {
      case 4:
        return !isName(name, "host") || ++this.hosts === 1;
      case 6:
        return !isName(name, "expect");
      case 7:
        return !isName(name, "upgrade") && !isName(name, "trailer");
      case 10:
        return !isName(name, "connection") || this.#connection(value);
      case 14:
        return !isName(name, "content-length") || this.#length(value);
      case 16:
        return !isName(name, "proxy-connection");
      case 17:
        return !isName(name, "transfer-encoding") || this.#coding(value);
      default:
        return true;
    }
  }

  #connection(value: string): boolean {
    if (isName(value, "close")) this.keepAlive = false;
    else return isName(value, "keep-alive");
    return true;
  }

  #coding(value: string): boolean {
    if (this.isChunked || this.contentLength >= 0) return false;
    this.isChunked = isName(value, "chunked");
    return this.isChunked;
  }

  #length(value: string): boolean {
    if (this.contentLength >= 0 || this.isChunked) return false;
    this.contentLength = lengthOf(value);
    return this.contentLength >= 0;
  }
}

function isName(text: string, lower: string): boolean {
  return text === lower || text.toLowerCase() === lower;
}

/** A slash and then visible characters: no absolute form, no authority, no `*`. */
function isPath(text: string, from: number, to: number): boolean {
  if (text.charCodeAt(from) !== slash) return false;
  for (let i = from; i < to; i++) {
    const byte = text.charCodeAt(i);
    if (byte <= space || byte >= del) return false;
  }
  return true;
}

import { lengthOf } from "./bytes.ts";
import type { parseRequestHead, RequestHead } from "./request-head.ts";

/** A head that was read, cut at the figure of its Content-Length. */
interface Known {
  readonly text: string;
  readonly headersMax: number;
  readonly head: RequestHead;
  /** All before the figure and all after it; both empty without one. */
  readonly before: string;
  readonly after: string;
  /** Place of the figure in the list of headers. */
  readonly at: number;
}

/** Longer heads are always read. */
const knownCharsMax = 2048;
const nameChars = 14;

/**
 * Reads the heads of one connection with `read`. One that says what the head before it said, but for the
 * figure of its Content-Length, is not read again: a client on a kept connection repeats itself.
 * Heads that are given out may share their list of headers.
 */
export function createHeadReader(read: typeof parseRequestHead): typeof parseRequestHead {
  let known: Known | undefined;
  return (text, headersMax) => {
    if (known?.headersMax === headersMax) {
      if (text === known.text) return known.head;
      const alike = withLength(known, text);
      if (alike !== undefined) return alike;
    }
    const head = read(text, headersMax);
    if (head && text.length <= knownCharsMax) known = knownOf(text, headersMax, head);
    return head;
  };
}

/** The known head with the figure of this text, when nothing else differs. */
function withLength(known: Known, text: string): RequestHead | undefined {
  const { before, after, head, at } = known;
  const from = before.length;
  const to = text.length - after.length;
  if (from === 0 || to <= from) return undefined;
  if (!text.startsWith(before) || !text.endsWith(after)) return undefined;
  const figure = text.slice(from, to);
  const contentLength = lengthOf(figure);
  if (contentLength < 0) return undefined;
  const headers = head.headers.slice();
  headers[at] = figure;
  return {
    method: head.method,
    target: head.target,
    headers,
    contentLength,
    isChunked: head.isChunked,
    hasLength: true,
    keepAlive: head.keepAlive,
  };
}

function knownOf(text: string, headersMax: number, head: RequestHead): Known {
  const at = lengthPlace(head.headers);
  const figure = at < 0 ? "" : `: ${head.headers[at] ?? ""}\r\n`;
  const start = at < 0 ? -1 : text.indexOf(`\r\n${head.headers[at - 1] ?? ""}${figure}`);
  const isFound = start >= 0;
  const from = start + "\r\n".length + nameChars + ": ".length;
  return {
    text,
    headersMax,
    head,
    before: isFound ? text.slice(0, from) : "",
    after: isFound ? text.slice(from + (head.headers[at]?.length ?? 0)) : "",
    at,
  };
}

/** Index of the Content-Length's value in a flat list, or -1. */
function lengthPlace(headers: readonly string[]): number {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? "";
    if (name.length === nameChars && name.toLowerCase() === "content-length") return i + 1;
  }
  return -1;
}

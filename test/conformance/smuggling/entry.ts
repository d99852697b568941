/** One request that two readers could read differently, as bytes on one connection. */
export interface Entry {
  readonly what: string;
  /** Everything that is sent. `hidden` is a whole request which one of the readers would see. */
  bytes(key: string, hidden: string): string;
  /** The documented answer; 0: the connection is closed without one. */
  readonly status: number;
  /** The code of our own answer; absent where Node's server closes without one. */
  readonly code?: string;
  /** Its body is the fault: the head is taken and may come as far as authentication. */
  readonly hasSoundHead?: boolean;
  /** What the documents say is read and answered, with this body upstream; nothing hidden is. */
  readonly reads?: string;
}

export const chatPath = "/v1/chat/completions";
const crlf = "\r\n";

/** A chat whose content is `word`. */
export const chat = (word: string): string =>
  JSON.stringify({ model: "m", messages: [{ role: "user", content: word }] });

/** Head of a chat's POST with these framing lines, up to and with its empty line. */
export function head(key: string, lines: readonly string[], o: HeadOptions = {}): string {
  const { first = `POST ${chatPath} HTTP/1.1`, host = ["Host: a"] } = o;
  return [
    first,
    ...host,
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    ...lines,
    "",
    "",
  ].join(crlf);
}

export interface HeadOptions {
  readonly first?: string;
  readonly host?: readonly string[];
}

/** A whole sound chat. */
export function sound(key: string, word: string): string {
  const body = chat(word);
  return head(key, [`Content-Length: ${body.length}`]) + body;
}

/** `text` as one chunk, without the last. */
export const chunk = (text: string): string => `${text.length.toString(16)}${crlf}${text}${crlf}`;

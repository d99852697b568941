/** Secrets and names that a row writes into its request. */
export interface World {
  readonly key: string;
  readonly other: string;
  readonly expired: string;
  readonly narrow: string;
  /** Nobody made it. */
  readonly unknown: string;
  /** Of a key that exists, but no secret of it any more. */
  readonly ended: string;
  readonly revoked: string;
  readonly notYet: string;
  /** For other addresses than that of the caller. */
  readonly elsewhere: string;
  /** To a certificate that no caller here presents. */
  readonly bound: string;
  /** Reads metrics and calls nothing. */
  readonly scraper: string;
  /** For another model. */
  readonly otherModel: string;
}

/** One malformed request and the documented answer to it. */
export interface BadInput {
  readonly what: string;
  /** Everything that is sent, in pieces; what comes after the first waits for `pauseMs`. */
  bytes(w: World): string;
  readonly status: number;
  readonly code: string;
  /** The field that the answer names. */
  readonly param?: string;
  /** Headers that the answer carries. */
  readonly headers?: Readonly<Record<string, RegExp>>;
}

const crlf = "\r\n";
export const chatPath = "/v1/chat/completions";

/** A request with these lines and a Content-Length; `lines` may repeat or leave out anything. */
export function request(lines: readonly string[], body = ""): string {
  return [...lines, `content-length: ${Buffer.byteLength(body)}`, "", body].join(crlf);
}

/** A sound POST of a body, with more header lines. */
export function post(w: World, body: string, o: { path?: string; lines?: string[] } = {}): string {
  const { path = chatPath, lines = [] } = o;
  const head = [`POST ${path} HTTP/1.1`, "host: a", `authorization: Bearer ${w.key}`];
  const type = lines.some((line) => /^content-type:/i.test(line))
    ? []
    : ["content-type: application/json"];
  return request([...head, ...type, ...lines], body);
}

export const sound = '{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}';

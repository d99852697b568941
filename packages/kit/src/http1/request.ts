import { encodeFields } from "./encoded-headers.ts";
import { http1Errors } from "./errors.ts";
import type { Http1Request } from "./types.ts";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const target = /^[\x21-\x7e\x80-\xff]+$/;

/**
 * The bytes of a request, `content-length` added from its body. Throws LL_HTTP1_REQUEST for what
 * would let a value break out of its line, and for framing headers, which are the writer's.
 */
export function encodeRequest(r: Http1Request): Buffer {
  if (!token.test(r.method) || !target.test(r.path)) {
    throw http1Errors.make("LL_HTTP1_REQUEST", "malformed method or path.");
  }
  let head = `${r.method} ${r.path} HTTP/1.1\r\n${encodeFields(r.headers)}`;
  const body = r.body;
  if (body !== undefined || r.method === "POST" || r.method === "PUT" || r.method === "PATCH") {
    head += `content-length: ${body?.length ?? 0}\r\n`;
  }
  head += "\r\n";
  const bytes = Buffer.allocUnsafe(head.length + (body?.length ?? 0));
  bytes.write(head, 0, "latin1");
  if (body !== undefined) body.copy(bytes, head.length);
  return bytes;
}

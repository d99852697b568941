/** A request as HTTP/2 writes it. */
export interface Http2Request {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** Fields that HTTP/2 says in another way. */
const connectionFields = new Set(["host", "connection", "keep-alive", "transfer-encoding"]);

/** The request our own writer of HTTP/1.1 has written, in the words of HTTP/2. */
export function requestOf(bytes: Buffer, url: URL): Http2Request {
  const end = bytes.indexOf("\r\n\r\n");
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers: Record<string, string | string[]> = {
    ":method": method,
    ":path": path,
    ":scheme": url.protocol.slice(0, -1),
    ":authority": url.host,
  };
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (connectionFields.has(name)) continue;
    const value = line.slice(colon + 1).trim();
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return { headers, body: bytes.subarray(end + 4) };
}

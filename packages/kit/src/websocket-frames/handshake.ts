import { createHash } from "node:crypto";
import { encodeRequest } from "@loadline/kit/http1";

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const headBytesMax = 65_536;

/** What `Sec-WebSocket-Accept` says to a key. */
export function acceptOf(key: string): string {
  return createHash("sha1")
    .update(key + guid)
    .digest("base64");
}

/**
 * The request of the opening handshake, without extensions. `nonce` is 16 random bytes; the answer
 * is read with the same. Throws LL_HTTP1_REQUEST for what cannot be written.
 */
export function encodeUpgrade(path: string, headers: readonly string[], nonce: Uint8Array): Buffer {
  return encodeRequest({
    method: "GET",
    path,
    headers: [
      ...headers,
      "connection",
      "Upgrade",
      "upgrade",
      "websocket",
      "sec-websocket-version",
      "13",
      "sec-websocket-key",
      Buffer.from(nonce).toString("base64"),
    ],
  });
}

/** A server's consent to the key of a request. */
export function encodeUpgradeAnswer(key: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${acceptOf(key)}\r\n\r\n`,
  );
}

export type UpgradeAnswer =
  /** Frames begin `at` this byte. */
  | { readonly type: "open"; readonly at: number }
  | { readonly type: "refused"; readonly status: number }
  | { readonly type: "protocol"; readonly detail: string };

/** Reads the answer to an upgrade from everything read so far; null while its head is not whole. */
export function readUpgrade(read: Buffer, nonce: Uint8Array): UpgradeAnswer | null {
  const end = read.indexOf("\r\n\r\n");
  if (end === -1) {
    return read.length > headBytesMax
      ? { type: "protocol", detail: `a head over ${headBytesMax} bytes` }
      : null;
  }
  const [first = "", ...lines] = read.toString("latin1", 0, end).split("\r\n");
  const status = /^HTTP\/1\.1 ([1-5]\d\d)(?: |$)/.exec(first)?.[1];
  if (status === undefined) return { type: "protocol", detail: "no status line of HTTP/1.1" };
  if (status !== "101") return { type: "refused", status: Number(status) };
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) return { type: "protocol", detail: "a malformed header" };
    const name = line.slice(0, colon).toLowerCase();
    const before = fields.get(name);
    const value = line.slice(colon + 1).trim();
    fields.set(name, before === undefined ? value : `${before},${value}`);
  }
  const detail = flawOf(fields, Buffer.from(nonce).toString("base64"));
  return detail === "" ? { type: "open", at: end + 4 } : { type: "protocol", detail };
}

function flawOf(fields: ReadonlyMap<string, string>, key: string): string {
  if (fields.get("upgrade")?.toLowerCase() !== "websocket") return "no upgrade to websocket";
  const connection = (fields.get("connection") ?? "").toLowerCase().split(",");
  if (!connection.some((token) => token.trim() === "upgrade")) return "no connection: upgrade";
  if (fields.get("sec-websocket-accept") !== acceptOf(key)) return "the accept of another key";
  if ((fields.get("sec-websocket-extensions") ?? "") !== "") return "an extension nobody asked for";
  if ((fields.get("sec-websocket-protocol") ?? "") !== "") return "a protocol nobody asked for";
  return "";
}

import { createHash, createHmac } from "node:crypto";

export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

/** One request of S3, its path and query already encoded. */
export interface UnsignedRequest {
  readonly method: string;
  readonly host: string;
  /** Encoded by `encodePath`. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Further headers, lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const service = "s3";
const algorithm = "AWS4-HMAC-SHA256";

/** Everything but letters, digits and `-._~` as %XX. */
export function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Each segment encoded, the slashes kept. */
export function encodePath(path: string): string {
  return path.split("/").map(encodePart).join("/");
}

/** `a=1&b=2` in the order of the names, which Signature Version 4 asks for. */
export function encodeQuery(query: UnsignedRequest["query"]): string {
  const parts = query.map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`);
  return parts.toSorted().join("&");
}

/** Headers of the request, flat, signed with Signature Version 4 at a wall-clock time in ms. */
export function signedHeaders(r: UnsignedRequest, who: S3Credentials, wallMs: number): string[] {
  const stamp = new Date(wallMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const date = stamp.slice(0, 8);
  const digest = sha256(r.body);
  const headers: Record<string, string> = {
    ...r.headers,
    host: r.host,
    "x-amz-content-sha256": digest,
    "x-amz-date": stamp,
  };
  const names = Object.keys(headers).toSorted();
  const signedNames = names.join(";");
  const lines = names.map((name) => `${name}:${headers[name] ?? ""}\n`).join("");
  const canonical = [r.method, r.path, encodeQuery(r.query), lines, signedNames, digest];
  const scope = `${date}/${who.region}/${service}/aws4_request`;
  const text = [algorithm, stamp, scope, sha256(canonical.join("\n"))].join("\n");
  const dateKey = hmac(`AWS4${who.secretKey}`, date);
  const key = hmac(hmac(hmac(dateKey, who.region), service), "aws4_request");
  const signature = hmac(key, text).toString("hex");
  const credential = `${who.accessKey}/${scope}`;
  const value = `${algorithm} Credential=${credential}, SignedHeaders=${signedNames}, Signature=${signature}`;
  return [...names.flatMap((name) => [name, headers[name] ?? ""]), "authorization", value];
}

function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

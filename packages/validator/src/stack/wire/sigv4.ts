import { createHash, createHmac } from "node:crypto";
import type { HttpAsk } from "./http.ts";

export interface AwsKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

const hmac = (key: Buffer | string, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

/** Percent-encoding of AWS: all but unreserved characters. */
export const awsEncode = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function sortedQuery(url: URL): string {
  const pairs = [...url.searchParams].map(([k, v]) => [awsEncode(k), awsEncode(v)] as const);
  const sorted = pairs.sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1));
  return sorted.map(([k, v]) => `${k}=${v}`).join("&");
}

/** The request with a SigV4 signature over method, path, query, headers and body. */
export function signed(ask: HttpAsk, keys: AwsKeys, wallMs: number): HttpAsk {
  const url = new URL(ask.url);
  const time = new Date(wallMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const body = ask.body ?? Buffer.alloc(0);
  const headers: Record<string, string> = {
    ...ask.headers,
    host: url.host,
    "x-amz-content-sha256": sha256(body),
    "x-amz-date": time,
  };
  const names = Object.keys(headers).sort();
  const list = names.join(";");
  const canonical = [
    ask.method,
    url.pathname,
    sortedQuery(url),
    ...names.map((name) => `${name}:${headers[name] ?? ""}`),
    "",
    list,
    sha256(body),
  ].join("\n");
  const scope = `${day}/${keys.region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const steps = [day, keys.region, "s3", "aws4_request"];
  const key = steps.reduce<Buffer>(
    (k, step) => hmac(k, step),
    Buffer.from(`AWS4${keys.secretKey}`),
  );
  const signature = hmac(key, text).toString("hex");
  const credential = `AWS4-HMAC-SHA256 Credential=${keys.accessKey}/${scope}`;
  const authorization = `${credential}, SignedHeaders=${list}, Signature=${signature}`;
  return { ...ask, headers: { ...headers, authorization } };
}

import { createHash } from "node:crypto";
import type { StackContext } from "../probe.ts";
import { shownSecret } from "../secrets.ts";
import type { ServiceOf } from "../services/index.ts";
import { WireFault } from "./fault.ts";
import { type HttpAnswer, httpAsk } from "./http.ts";
import { type AwsKeys, awsEncode, signed } from "./sigv4.ts";

export type S3Service = ServiceOf<"s3"> | ServiceOf<"minio">;
export type S3Context = StackContext<S3Service>;

export interface S3Ask {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Key below the bucket; default the bucket itself. */
  readonly key?: string;
  readonly bucket?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Lower-case hexadecimal SHA-256. */
export const sha256Hex = (bytes: Buffer): string =>
  createHash("sha256").update(bytes).digest("hex");

/** Keys of the manifest. */
export const ownKeys = (context: S3Context): AwsKeys => ({
  accessKey: context.secret(context.service.accessKey) ?? "",
  secretKey: context.secret(context.service.secretKey) ?? "",
  region: context.service.region,
});

function urlOf(context: S3Context, ask: S3Ask): string {
  const path = [ask.bucket ?? context.service.bucket, ...(ask.key ?? "").split("/")]
    .filter((part) => part !== "")
    .map(awsEncode)
    .join("/");
  const url = new URL(`${context.service.url.replace(/\/+$/, "")}/${path}`);
  for (const [name, value] of Object.entries(ask.query ?? {})) url.searchParams.set(name, value);
  return url.href;
}

/** One signed request, or with `keys: null` one that nobody signed. @throws WireFault */
export function s3Ask(
  context: S3Context,
  ask: S3Ask,
  keys: AwsKeys | null = ownKeys(context),
): Promise<HttpAnswer> {
  const { method, body, headers } = ask;
  const plain = {
    method,
    url: urlOf(context, ask),
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  };
  return httpAsk(keys === null ? plain : signed(plain, keys, context.clock.wallMs()), context);
}

/** As `s3Ask`, for an answer of 2xx. @throws WireFault with the store's own code for others. */
export async function s3Need(context: S3Context, ask: S3Ask): Promise<HttpAnswer> {
  const answer = await s3Ask(context, ask);
  if (answer.status >= 200 && answer.status < 300) return answer;
  const said = `${ask.method} ${ask.key ?? ""} answered ${answer.status} ${s3Code(answer)}`;
  throw new WireFault("protocol", said, answer.body.toString("utf8"));
}

/** The code of an S3 error, such as `SignatureDoesNotMatch`. */
export const s3Code = (answer: HttpAnswer): string =>
  /<Code>([A-Za-z0-9]+)<\/Code>/.exec(answer.body.toString("utf8"))?.[1] ?? "";

/** The text of one XML element of an answer; undefined where there is none. */
export const xmlText = (answer: HttpAnswer, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body.toString("utf8"))?.[1];

/** A curl that signs for itself; secrets are named, never shown. */
export function s3Curl(context: S3Context, ask: S3Ask, isSigned = true): string[] {
  const { accessKey, secretKey, region } = context.service;
  const user = `${shownSecret(accessKey)}:${shownSecret(secretKey)}`;
  const sign = isSigned ? ["--aws-sigv4", `aws:amz:${region}:s3`, "--user", user] : [];
  const method = ask.method === "GET" ? [] : ["-X", ask.method];
  return ["curl", "-sS", "-i", ...sign, ...method, urlOf(context, ask)];
}

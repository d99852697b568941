import { systemClock } from "@loadline/kit/clock";
import { signed } from "../wire/sigv4.ts";
import type { StackRule } from "../probe.ts";
import { type RawCall, type RawReply, startRawWeb } from "./raw-web.ts";
import type { StackTwin, StartTwin } from "./twin.ts";

const keys = {
  accessKey: "twin-access-key",
  secretKey: "right-secret-key-of-the-twin",
  region: "us-east-1",
};

const skewMsMax = 15 * 60_000;

/** Time of a header such as 20260102T030405Z, ms. */
function timeOf(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1).map(Number);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts ?? [];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** `unsigned`, `badly` signed, or rightly: no word. */
function signature(call: RawCall, nowMs: number): "" | "unsigned" | "badly" {
  const said = call.headers.authorization;
  if (said === undefined) return "unsigned";
  const time = timeOf(String(call.headers["x-amz-date"] ?? ""));
  const url = `http://${call.headers.host ?? ""}${call.url.pathname}${call.url.search}`;
  const again = signed({ method: call.method, url, body: call.body }, keys, time);
  const isRight = said === again.headers?.["authorization"];
  return isRight && Math.abs(nowMs - time) < skewMsMax ? "" : "badly";
}

const refused = (code: string): RawReply => ({
  status: 403,
  body: `<Error><Code>${code}</Code></Error>`,
});

/** Old states of objects as `key?version`, beside the newest ones under their keys. */
function stored(call: RawCall, objects: Map<string, Buffer>): RawReply {
  const version = call.url.searchParams.get("versionId");
  const path = decodeURIComponent(call.url.pathname);
  const key = version === null ? path : `${path}?${version}`;
  const query = call.url.searchParams;
  if (call.method === "POST") {
    if (query.has("uploads")) return { status: 200, body: "<R><UploadId>1</UploadId></R>" };
    const parts = [1, 2].map((part) => objects.get(`${key}#${part}`) ?? Buffer.alloc(0));
    objects.set(key, Buffer.concat(parts));
    return { status: 200, body: "<CompleteMultipartUploadResult/>" };
  }
  if (call.method === "PUT") {
    const part = query.get("partNumber");
    objects.set(part === null ? key : `${key}#${part}`, call.body);
    const id = `v${objects.size}`;
    if (part === null) objects.set(`${key}?${id}`, call.body);
    return { status: 200, headers: { etag: '"tag"', "x-amz-version-id": id } };
  }
  if (call.method === "DELETE") return { status: objects.delete(key) ? 204 : 204 };
  const found = objects.get(key);
  return found === undefined
    ? { status: 404, body: "<Error><Code>NoSuchKey</Code></Error>" }
    : { status: 200, body: found };
}

/** Every version under the prefix that was asked for. */
function listed(call: RawCall, objects: ReadonlyMap<string, Buffer>): string {
  const prefix = `/data/${call.url.searchParams.get("prefix") ?? ""}`;
  const rows = [...objects.keys()].filter((key) => key.startsWith(prefix) && key.includes("?v"));
  const texts = rows.map((row) => {
    const [key = "", id = ""] = row.slice("/data/".length).split("?");
    return `<Version><Key>${key}</Key><VersionId>${id}</VersionId></Version>`;
  });
  return `<ListVersionsResult>${texts.join("")}</ListVersionsResult>`;
}

/** What is declared, and one that is not. */
const buckets = `<ListAllMyBucketsResult>${["data", "spare"].map((name) => `<Bucket><Name>${name}</Name></Bucket>`).join("")}</ListAllMyBucketsResult>`;
const enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

/** The twin of an object store of that kind, with strict signatures. */
export const startS3Twin =
  (kind: "s3" | "minio"): StartTwin =>
  async (rules: readonly StackRule[]): Promise<StackTwin> => {
    const clock = systemClock();
    const objects = new Map<string, Buffer>();
    const isStored = (call: RawCall): boolean =>
      call.method === "GET" && objects.has(decodeURIComponent(call.url.pathname));
    const mark = (call: RawCall): string => {
      const word = signature(call, clock.wallMs());
      if (word === "" && call.url.searchParams.has("versionId")) return "old";
      return word === "" && isStored(call) ? "stored" : word;
    };
    const answer = (call: RawCall): RawReply => {
      if (call.url.pathname.startsWith("/minio/health")) {
        return { status: 200, headers: { "x-minio-write-quorum": "3" } };
      }
      const word = mark(call);
      if (word === "unsigned") return refused("AccessDenied");
      if (word === "badly") return refused("SignatureDoesNotMatch");
      if (call.url.pathname === "/") return { status: 200, body: buckets };
      if (call.url.pathname !== "/data") return stored(call, objects);
      if (call.url.searchParams.has("policy")) {
        return { status: 404, body: "<Error><Code>NoSuchBucketPolicy</Code></Error>" };
      }
      if (call.url.searchParams.has("versions")) {
        return { status: 200, body: listed(call, objects) };
      }
      const isVersioning = call.url.searchParams.has("versioning");
      return { status: 200, body: isVersioning ? enabled : "<ListBucketResult/>" };
    };
    const stub = await startRawWeb({ rules, mark, answer });
    const references = { accessKey: "${env:TWIN_ACCESS}", secretKey: "${env:TWIN_SECRET}" };
    return {
      service: {
        kind,
        url: stub.url,
        bucket: "data",
        versioning: true,
        policy: "private",
        ...(kind === "minio" ? { nodes: 4 } : {}),
        ...references,
      },
      secrets: { TWIN_ACCESS: keys.accessKey, TWIN_SECRET: keys.secretKey },
      [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
    };
  };

import type { StackSeen } from "../probe.ts";
import { LacksFeature, NothingThere, WireFault } from "../wire/fault.ts";
import { rawAnswer } from "../wire/http.ts";
import {
  s3Ask,
  s3Code,
  type S3Context,
  s3Curl,
  s3Need,
  sha256Hex,
  xmlText,
} from "../wire/s3-session.ts";
import { needGone, orTakeBack, takeBack } from "../wire/take-back.ts";
import type { S3Probe } from "./s3.ts";

const shared = { needs: ["login"], checklist: ["R1-03"], severity: "high" } as const;
/** S3 refuses smaller parts but for the last. */
const partBytes = 5 * 1024 * 1024;

interface Upload {
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly Buffer[];
}

async function putParts(context: S3Context, { key, uploadId, parts }: Upload): Promise<void> {
  const tags: string[] = [];
  for (const [at, body] of parts.entries()) {
    const query = { partNumber: String(at + 1), uploadId };
    const put = await s3Need(context, { method: "PUT", key, query, body });
    tags.push(put.headers["etag"] ?? "");
  }
  const list = tags.map(
    (tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
  );
  const body = Buffer.from(`<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`);
  await s3Need(context, { method: "POST", key, query: { uploadId }, body });
}

const multipart: S3Probe = {
  ...shared,
  check: "multipart",
  needs: ["read_back"],
  summary: "an object in two parts",
  claim: () => ({
    statement: "an object uploaded in two parts is got back with the same SHA-256",
    category: "Operational Readiness",
    rationale: "Every client uploads large files in parts.",
  }),
  saboteur: [
    { when: "POST /data/loadline", status: 501, reply: "<Error><Code>NotNow</Code></Error>" },
  ],
  async run(context) {
    const key = `${context.mark}/multipart.bin`;
    const parts = [Buffer.alloc(partBytes, context.random.bytes(64)), Buffer.from("the rest")];
    let uploadId = "";
    // Parts of an upload that nobody ends are kept, and paid for, for ever.
    const undo = async (own: S3Context): Promise<void> => {
      const query = { uploadId };
      const ended = uploadId === "" ? null : await s3Ask(own, { method: "DELETE", key, query });
      await s3Need(own, { method: "DELETE", key });
      if (ended !== null) needGone(ended, `${key}?uploadId`);
    };
    const back = await orTakeBack(context, { left: key, undo }, async () => {
      const begun = await s3Need(context, { method: "POST", key, query: { uploads: "" } });
      uploadId = xmlText(begun, "UploadId") ?? "";
      if (uploadId === "") throw new WireFault("protocol", "the upload was given no id");
      await putParts(context, { key, uploadId, parts });
      return await s3Need(context, { method: "GET", key });
    });
    await s3Need(context, { method: "DELETE", key });
    const ok = sha256Hex(back.body) === sha256Hex(Buffer.concat(parts));
    const seen = `${back.body.length} bytes in ${parts.length} parts came back ${ok ? "equal" : "different"}.`;
    return [{ ok, seen, reproduce: context.again }];
  },
};

const versioning: S3Probe = {
  ...shared,
  check: "versioning",
  summary: "versions of objects",
  severity: "medium",
  claim: (service) =>
    service.versioning === undefined
      ? null
      : {
          statement: `versions of objects are ${service.versioning ? "" : "not "}kept in ${service.bucket}`,
          category: "Disaster Recovery",
          rationale: "Without versions a wrong overwrite is for ever.",
        },
  saboteur: [
    {
      when: "GET /data?versioning",
      status: 200,
      reply: "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
    },
  ],
  async run(context) {
    const ask = { method: "GET", query: { versioning: "" } } as const;
    const answer = await s3Ask(context, ask);
    if (answer.status === 501) throw new LacksFeature("The store has no versions.");
    const state = xmlText(answer, "Status") ?? "never set";
    const isTold = answer.status === 200 && answer.body.includes("<VersioningConfiguration");
    const ok = isTold && (state === "Enabled") === context.service.versioning;
    const seen = `Versioning is ${state} (${answer.status} ${s3Code(answer)}).`;
    return [{ ok, seen, raw: rawAnswer(answer), reproduce: s3Curl(context, ask) }];
  },
};

const isPrivate: S3Probe = {
  ...shared,
  check: "private",
  summary: "no bucket is readable by the world",
  checklist: ["R1-26"],
  severity: "critical",
  claim: (service) => ({
    statement: "nobody without keys lists, reads or writes the declared buckets",
    category: "Security & Compliance",
    rationale: "A bucket the world can read is a leak nobody logs in for.",
    parts: [...new Set([service.bucket, ...service.buckets])],
  }),
  saboteur: [{ when: "GET /data?list-type=2 unsigned", status: 200, reply: "<ListBucketResult/>" }],
  async run(context) {
    const { bucket, buckets } = context.service;
    const found: StackSeen[] = [];
    const unwritten: string[] = [];
    for (const part of new Set([bucket, ...buckets])) {
      const { seen, isWritten } = await withoutKeys(context, part);
      found.push(seen);
      if (!isWritten) unwritten.push(part);
    }
    // What was never there is refused to everybody: that says nothing of who may read.
    if (unwritten.length > 0 && found.every(({ ok }) => ok)) {
      throw new NothingThere(
        `The keys may not write to ${unwritten.join(", ")}, so nothing was read.`,
      );
    }
    return found;
  },
};

/** What somebody without keys is answered: a list, an object that is there, and one of his own. */
async function withoutKeys(context: S3Context, part: string) {
  const list = { method: "GET", bucket: part, query: { "list-type": "2" } } as const;
  const key = `anonymous/${context.mark}`;
  const body = Buffer.from("loadline");
  const object = { bucket: part, key };
  const undo = (own: S3Context) => s3Need(own, { method: "DELETE", ...object });
  const listed = await s3Ask(context, list, null);
  return await orTakeBack(context, { left: `${part}/${key}`, undo }, async () => {
    const put = await s3Ask(context, { method: "PUT", ...object, body }, null);
    if (put.status < 300) await s3Ask(context, { method: "DELETE", ...object });
    const own = await s3Ask(context, { method: "PUT", ...object, body });
    const got = await s3Ask(context, { method: "GET", ...object }, null);
    const isWritten = own.status < 300;
    if (isWritten) await takeBack(context, `${part}/${key}`, undo);
    const statuses = [listed, got, put].map(({ status }) => status);
    const ok = statuses.every((status) => status === 403 || status === 401);
    const text = `${part}: list, get, put without keys answered ${statuses.join(", ")}.`;
    const seen: StackSeen = { part, ok, seen: text, reproduce: s3Curl(context, list, false) };
    return { seen, isWritten };
  });
}

/** Checks of what an object store is set to, in the order they run. */
export const s3Settings: readonly S3Probe[] = [multipart, versioning, isPrivate];

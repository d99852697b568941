import { isRecord, type JsonRecord, parseJson } from "@loadline/kit/json";
import type { StackSeen } from "../probe.ts";
import { LacksFeature, NothingThere, WireFault } from "../wire/fault.ts";
import { rawAnswer } from "../wire/http.ts";
import { s3Ask, s3Code, type S3Context, s3Curl, s3Need, sha256Hex } from "../wire/s3-session.ts";
import { recordsIn, textIn } from "../wire/shape.ts";
import { orTakeBack } from "../wire/take-back.ts";
import type { S3Probe } from "./s3.ts";
import { otherBuckets } from "./s3-others.ts";

const leftMax = 200;

/** Whether a statement lets everybody in, whoever asks and wherever from. */
function isForAll(statement: JsonRecord): boolean {
  if (textIn(statement, "Effect") !== "Allow" || isRecord(statement["Condition"])) return false;
  const principal = statement["Principal"];
  const named: unknown = isRecord(principal) ? principal["AWS"] : principal;
  const list: readonly unknown[] = Array.isArray(named) ? named : [named];
  return list.includes("*") || statement["NotPrincipal"] !== undefined;
}

async function policySeen(context: S3Context, part: string): Promise<StackSeen> {
  const ask = { method: "GET", bucket: part, query: { policy: "" } } as const;
  const answer = await s3Ask(context, ask);
  const reproduce = s3Curl(context, ask);
  const code = s3Code(answer);
  if (answer.status === 403) throw new NothingThere(`The keys may not read the policy of ${part}.`);
  if (answer.status === 501 || answer.status === 405) {
    throw new LacksFeature(`The store has no policies (${answer.status}).`);
  }
  if (answer.status === 404 && code === "NoSuchBucketPolicy") {
    return { part, ok: true, seen: `${part} has no policy.`, reproduce };
  }
  const policy = parseJson(answer.body.toString("utf8"));
  if (answer.status !== 200 || !isRecord(policy)) {
    const seen = `The policy of ${part} was answered with ${answer.status} ${code}.`;
    return { part, ok: false, seen, raw: rawAnswer(answer), reproduce };
  }
  const one = policy["Statement"];
  const statements = isRecord(one) ? [one] : recordsIn(policy, "Statement");
  const open = statements.filter(isForAll);
  const isWanted = context.service.policy !== "none" || statements.length === 0;
  const seen = `The policy of ${part} has ${statements.length} statements, ${open.length} of them let everybody in.`;
  return { part, ok: open.length === 0 && isWanted, seen, raw: rawAnswer(answer), reproduce };
}

const policy: S3Probe = {
  check: "policy",
  summary: "policies of buckets",
  needs: ["login"],
  checklist: ["R1-26"],
  severity: "high",
  claim: (service) =>
    service.policy === undefined
      ? null
      : {
          statement: {
            none: "no bucket has a policy of its own",
            private: "no policy of a bucket lets everybody in",
          }[service.policy],
          category: "Security & Compliance",
          rationale: "One statement opens a bucket whatever its keys are.",
          parts: [...new Set([service.bucket, ...service.buckets])],
        },
  saboteur: [
    {
      when: "GET /data?policy",
      reply: '{"Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"s3:GetObject"}]}',
    },
  ],
  async run(context) {
    const all: StackSeen[] = [];
    for (const part of new Set([context.service.bucket, ...context.service.buckets])) {
      all.push(await policySeen(context, part));
    }
    return all;
  },
};

/** Takes back every version this run wrote under a prefix; says how many there were. */
async function forget(context: S3Context, prefix: string): Promise<number> {
  const query = { versions: "", prefix, "max-keys": String(leftMax) };
  const listed = await s3Need(context, { method: "GET", query });
  const text = listed.body.toString("utf8");
  const found = text.match(/<(Version|DeleteMarker)>[\s\S]*?<\/\1>/g) ?? [];
  for (const one of found) {
    const key = /<Key>([^<]+)<\/Key>/.exec(one)?.[1];
    const versionId = /<VersionId>([^<]+)<\/VersionId>/.exec(one)?.[1];
    if (key === undefined || versionId === undefined) continue;
    await s3Need(context, { method: "DELETE", key, query: { versionId } });
  }
  return found.length;
}

const versions: S3Probe = {
  check: "versions",
  summary: "an overwritten object is got back",
  needs: ["read_back", "versioning"],
  checklist: ["R1-03"],
  severity: "high",
  claim: (service) =>
    service.versioning === true
      ? {
          statement: "an object that was overwritten and deleted is got back by its version",
          category: "Disaster Recovery",
          rationale: "Versions nobody can read back save nothing.",
        }
      : null,
  saboteur: [{ when: "GET /data/loadline old", status: 200, reply: "the newest" }],
  async run(context) {
    const key = `${context.mark}/versions.bin`;
    const body = Buffer.from(context.random.bytes(1_000));
    const put = await s3Need(context, { method: "PUT", key, body });
    const versionId = put.headers["x-amz-version-id"] ?? "";
    if (versionId === "" || versionId === "null") {
      throw new WireFault("protocol", "a put object was given no version");
    }
    const ask = { method: "GET", key, query: { versionId } } as const;
    const undo = (own: S3Context) => forget(own, context.mark);
    const back = await orTakeBack(context, { left: `versions of ${key}`, undo }, async () => {
      await s3Need(context, { method: "PUT", key, body: Buffer.from("another") });
      await s3Need(context, { method: "DELETE", key });
      return await s3Need(context, ask);
    });
    const ok = sha256Hex(back.body) === sha256Hex(body);
    // What the checks before this one deleted has left its versions as well.
    const taken = await forget(context, context.mark);
    const own = await forget(context, `anonymous/${context.mark}`);
    const seen = `The first version came back ${ok ? "equal" : "different"}; ${taken + own} versions were taken back.`;
    return [{ ok, seen, reproduce: context.again }];
  },
};

/** Checks of policies and versions, after those that write. */
export const s3Policy: readonly S3Probe[] = [otherBuckets, policy, versions];

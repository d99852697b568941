import { NothingThere } from "../wire/fault.ts";
import { s3Ask, type S3Context, s3Curl } from "../wire/s3-session.ts";
import type { S3Probe } from "./s3.ts";

const bucketsMax = 50;

/** Names of the store's buckets, as the keys of the manifest see them. @throws NothingThere */
async function bucketsOf(context: S3Context): Promise<readonly string[]> {
  const answer = await s3Ask(context, { method: "GET", bucket: "" });
  const text = answer.body.toString("utf8");
  if (answer.status === 200 && text.includes("<ListAllMyBucketsResult")) {
    return [...text.matchAll(/<Name>([^<]+)<\/Name>/g)].map(([, name = ""]) => name);
  }
  throw new NothingThere(`The keys may not list the store's buckets (${answer.status}).`);
}

/** Buckets of this store that some service of the stack declares. */
function declaredIn({ stack, service }: S3Context): ReadonlySet<string> {
  const all = Object.values(stack.services).flatMap((one) =>
    (one.kind === "s3" || one.kind === "minio") && one.url === service.url
      ? [one.bucket, ...one.buckets]
      : [],
  );
  return new Set(all);
}

/** Buckets that nobody declared; keys that see none of them leave the claim open. */
export const otherBuckets: S3Probe = {
  check: "other_buckets",
  summary: "no other bucket is readable by the world",
  needs: ["login"],
  checklist: ["R1-26"],
  severity: "high",
  claim: () => ({
    statement: "nobody without keys lists a bucket of the store that is not declared",
    category: "Security & Compliance",
    rationale: "The bucket that leaks is the one nobody remembers.",
    // Keys of least privilege do not see what there is.
    required: false,
  }),
  saboteur: [
    { when: "GET /spare?list-type=2 unsigned", status: 200, reply: "<ListBucketResult/>" },
  ],
  async run(context) {
    const declared = declaredIn(context);
    const others = (await bucketsOf(context)).filter((name) => !declared.has(name));
    if (others.length > bucketsMax) {
      throw new NothingThere(`The store holds ${others.length} other buckets, too many to ask.`);
    }
    const open: string[] = [];
    const untold: string[] = [];
    const ask = (name: string) =>
      ({ method: "GET", bucket: name, query: { "list-type": "2" } }) as const;
    for (const name of others) {
      const { status } = await s3Ask(context, ask(name), null);
      if (status < 300) open.push(`${name} (${status})`);
      else if (status !== 403 && status !== 401) untold.push(`${name} (${status})`);
    }
    if (open.length === 0 && untold.length > 0) {
      // A bucket of another region is asked elsewhere; one that was just deleted nowhere.
      const said = untold.slice(0, 10).join(", ");
      throw new NothingThere(`Nobody was told whether the world may list ${said}.`);
    }
    const said = open.length === 0 ? "" : `: ${open.slice(0, 10).join(", ")}`;
    const seen = `${others.length} buckets are not declared, ${open.length} of them answer without keys${said}.`;
    const [first = others[0] ?? context.service.bucket] = open.map(
      (text) => text.split(" ")[0] ?? "",
    );
    return [{ ok: open.length === 0, seen, reproduce: s3Curl(context, ask(first), false) }];
  },
};

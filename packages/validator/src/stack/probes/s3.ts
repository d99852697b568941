import type { StackProbe } from "../probe.ts";
import { otherKind } from "../guess-kind.ts";
import { WireFault } from "../wire/fault.ts";
import { rawAnswer } from "../wire/http.ts";
import {
  ownKeys,
  s3Ask,
  s3Code,
  type S3Context,
  s3Curl,
  s3Need,
  type S3Service,
  sha256Hex,
} from "../wire/s3-session.ts";
import { orTakeBack } from "../wire/take-back.ts";

export type S3Probe = Omit<StackProbe<S3Service>, "kind">;

const shared = { needs: ["login"], checklist: ["R1-03"], severity: "high" } as const;

const answers: S3Probe = {
  check: "answers",
  summary: "is it an object store",
  needs: [],
  checklist: ["R1-03"],
  severity: "critical",
  claim: () => ({
    statement: "a request nobody signed is answered as S3 answers it",
    category: "Operational Readiness",
    rationale: "Everything that keeps files waits for this server.",
  }),
  saboteur: [{ when: "GET / unsigned", status: 200, reply: "<html>welcome</html>" }],
  async run(context) {
    const ask = { method: "GET", bucket: "", key: "" } as const;
    const reproduce = s3Curl(context, ask, false);
    try {
      const answer = await s3Ask(context, ask, null);
      const isS3 = /<Error>|<ListAllMyBucketsResult/.test(answer.body.toString("utf8"));
      const code = s3Code(answer);
      const server = answer.headers["server"] ?? "no name";
      context.facts.set("server", server);
      const seen = isS3
        ? `It answered ${answer.status} ${code}; it calls itself ${server}.`
        : `${otherKind(context, "object store", answer.body.toString("utf8"))}.`;
      return [{ ok: isS3, seen, raw: rawAnswer(answer), reproduce }];
    } catch (error) {
      if (!(error instanceof WireFault) || error.code !== "protocol") throw error;
      return [{ ok: false, seen: `${otherKind(context, "object store", error.raw)}.`, reproduce }];
    }
  },
};

const login: S3Probe = {
  check: "login",
  summary: "the keys of the manifest",
  needs: ["answers"],
  checklist: ["R1-03"],
  severity: "critical",
  claim: (service) => ({
    statement: `the declared keys may list the bucket ${service.bucket}`,
    category: "Operational Readiness",
    rationale: "A store whose keys are wrong is down for whoever holds them.",
  }),
  saboteur: [
    {
      when: "GET /data?list-type=2",
      status: 403,
      reply: "<Error><Code>SignatureDoesNotMatch</Code></Error>",
    },
  ],
  async run(context) {
    const ask = { method: "GET", query: { "list-type": "2", "max-keys": "1" } } as const;
    const answer = await s3Ask(context, ask);
    const ok = answer.status === 200 && answer.body.includes("<ListBucketResult");
    const seen = ok ? "The bucket was listed." : `It answered ${answer.status} ${s3Code(answer)}.`;
    return [{ ok, seen, raw: rawAnswer(answer), reproduce: s3Curl(context, ask) }];
  },
};

const locked: S3Probe = {
  ...shared,
  check: "locked",
  summary: "a wrong secret is refused",
  checklist: ["R1-03", "R1-26"],
  severity: "critical",
  claim: () => ({
    statement: "a wrong secret, a skewed clock and default logins are refused",
    category: "Security & Compliance",
    rationale: "A store that checks no signature is open to the network.",
    parts: ["wrong secret", "skewed clock", "default logins"],
  }),
  saboteur: [{ when: "GET /data?list-type=2 badly", status: 200, reply: "<ListBucketResult/>" }],
  async run(context) {
    const keys = ownKeys(context);
    const all = s3Curl(context, { method: "GET", bucket: "" });
    const ask = { method: "GET", query: { "list-type": "2" } } as const;
    const right = s3Curl(context, ask);
    const user = right[right.indexOf("--user") + 1] ?? "";
    const shown = (words: readonly string[], login: string): string[] =>
      words.map((word) => (word === user ? login : word));
    const judge = (part: string, statuses: readonly number[], reproduce: readonly string[]) => {
      const ok = statuses.every((status) => status === 403 || status === 400);
      return { part, ok, seen: `${part}: answered ${statuses.join(", ")}.`, reproduce };
    };
    const wrong = await s3Ask(context, ask, { ...keys, secretKey: `${keys.secretKey}x` });
    const later = { ...context, clock: { ...context.clock, wallMs: () => skewed(context) } };
    const skew = await s3Ask(later, ask, keys);
    const defaults: number[] = [];
    for (const word of ["minioadmin", "minio123"]) {
      const pair = { accessKey: word === "minio123" ? "minio" : word, secretKey: word };
      // The bucket's list may be refused to a user who exists; the store's own list says more.
      const answer = await s3Ask(context, { method: "GET", bucket: "" }, { ...keys, ...pair });
      defaults.push(answer.status);
    }
    return [
      judge("wrong secret", [wrong.status], shown(right, `${braced(user)}x`)),
      judge("skewed clock", [skew.status], ["faketime", "-f", "-2h", ...right]),
      judge("default logins", defaults, shown(all, "minioadmin:minioadmin")),
    ];
  },
};

/** The last `$NAME` as `${NAME}`: what follows is no part of it. */
const braced = (login: string): string => login.replace(/\$([A-Za-z_]\w*)$/, "$${$1}");

const skewMs = 2 * 3_600_000;
const skewed = (context: { clock: { wallMs(): number } }): number =>
  context.clock.wallMs() - skewMs;

const readBack: S3Probe = {
  ...shared,
  check: "read_back",
  summary: "put, get, delete",
  severity: "critical",
  claim: () => ({
    statement: "an object put is got back with the same SHA-256, and gone after DELETE",
    category: "Operational Readiness",
    rationale: "A store that is full or read-only lists its buckets as well.",
  }),
  saboteur: [{ when: "GET /data/loadline stored", status: 200, reply: "other bytes" }],
  async run(context) {
    const key = `${context.mark}/read back+1.bin`;
    const body = Buffer.from(context.random.bytes(100_000));
    const erase = (own: S3Context) => s3Need(own, { method: "DELETE", key });
    const back = await orTakeBack(context, { left: key, undo: erase }, async () => {
      await s3Need(context, { method: "PUT", key, body });
      return await s3Need(context, { method: "GET", key });
    });
    await erase(context);
    const gone = await s3Ask(context, { method: "GET", key });
    const isEqual = sha256Hex(back.body) === sha256Hex(body);
    const ok = isEqual && gone.status === 404;
    const digests = `sha256 ${sha256Hex(body).slice(0, 12)} put, ${sha256Hex(back.body).slice(0, 12)} got`;
    const seen = `${digests}; ${gone.status} after DELETE.`;
    return [{ ok, seen, reproduce: context.again }];
  },
};

/** The first checks of an object store, in the order they run. */
export const s3Basics: readonly S3Probe[] = [answers, login, locked, readBack];

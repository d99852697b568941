import type { StackProbe } from "../probe.ts";
import type { ServiceOf } from "../services/index.ts";
import { LacksFeature, NothingThere } from "../wire/fault.ts";
import { curl, httpAsk } from "../wire/http.ts";
import type { S3Context } from "../wire/s3-session.ts";

type MinioProbe = StackProbe<ServiceOf<"minio">>;

const shared = {
  kind: "minio",
  needs: ["answers"],
  checklist: ["R1-16"],
  severity: "high",
  category: "Operational Readiness",
} as const;

/** @throws LacksFeature where the server has no such route, WireFault. */
async function health(context: S3Context, word: "live" | "cluster") {
  const path = `/minio/health/${word}`;
  const ask = { method: "GET", url: new URL(path, context.service.url).href };
  const { status, headers } = await httpAsk(ask, context);
  if (status === 404) throw new LacksFeature(`The server has no ${path}.`);
  return { path, status, quorum: headers["x-minio-write-quorum"], reproduce: curl(ask) };
}

const live: MinioProbe = {
  ...shared,
  check: "live",
  summary: "MinIO says it is live",
  claim: () => ({
    statement: "the server that is asked says it is live",
    category: shared.category,
    rationale: "A balancer asks this route before it sends requests.",
  }),
  saboteur: [{ when: "GET /minio/health/live", status: 503, reply: "" }],
  async run(context) {
    const { path, status, reproduce } = await health(context, "live");
    return [{ ok: status === 200, seen: `${path} answered ${status}.`, reproduce }];
  },
};

const cluster: MinioProbe = {
  ...shared,
  check: "cluster",
  summary: "MinIO's write quorum",
  claim: ({ nodes }) => ({
    statement: nodes > 1 ? `${nodes} nodes have write quorum` : "its nodes have write quorum",
    category: shared.category,
    rationale: "A cluster without write quorum answers reads and loses writes.",
    // Nobody promises of one server what takes several.
    ...(nodes > 1 ? {} : { required: false }),
  }),
  saboteur: [{ when: "GET /minio/health/cluster", status: 503, reply: "" }],
  async run(context) {
    const { nodes } = context.service;
    const { path, status, quorum, reproduce } = await health(context, "cluster");
    // One disk is a quorum of its own.
    const isSingle = !(Number(quorum) > 1);
    if (nodes === 1 && isSingle) {
      throw new NothingThere("It is a single node with one disk: it has no write quorum to lose.");
    }
    const said = quorum === undefined ? "not said" : quorum;
    const seen = `${path} answered ${status}, write quorum ${said}.`;
    return [{ ok: status === 200 && !isSingle, seen, reproduce }];
  },
};

/** Only of MinIO: its own health routes. */
export const minioProbes: readonly MinioProbe[] = [live, cluster];

import type { Sent } from "./edge-senders.ts";
import type { StackEdge } from "./manifest.ts";
import type { StackContext, StackSeen } from "./probe.ts";
import type { ServiceOf } from "./services/index.ts";
import { WireFault } from "./wire/fault.ts";
import { psql, usePostgres } from "./wire/postgres-session.ts";
import { enterFor, redisCli, type RedisContext } from "./wire/redis-session.ts";
import { askQdrant, type QdrantContext } from "./wire/qdrant-session.ts";
import { type S3Context, s3Curl, s3Need, sha256Hex } from "./wire/s3-session.ts";
import { recordsIn, textIn, valueIn } from "./wire/shape.ts";
import { askWeb } from "./wire/web.ts";

const pagesMax = 20;
/** MLflow keeps the names of experiments there. */
const mlflowSql = "select 1 from experiments where name = '$MARK'";

type Wanted = Pick<Sent, "mark" | "bytes" | "keyEnd">;

/** What the far end says of what was sent; null where this pair of kinds has no way to look. */
export async function findIn(
  context: StackContext,
  edge: StackEdge,
  wanted: Wanted,
): Promise<StackSeen | null> {
  const { service } = context;
  const from = context.stack.services[edge.from]?.kind;
  switch (service.kind) {
    case "postgres":
    case "timescaledb": {
      const sql = (edge.find?.sql ?? (from === "mlflow" ? mlflowSql : undefined))?.replaceAll(
        "$MARK",
        wanted.mark,
      );
      if (sql === undefined) return null;
      const postgres = { ...context, service };
      const rows = await usePostgres(postgres, (session) => session.query(sql));
      return {
        ok: rows.length > 0,
        seen: `${rows.length} rows in ${context.name}.`,
        reproduce: psql(postgres, sql),
      };
    }
    case "redis":
      return findKey({ ...context, service }, edge, wanted);
    case "s3":
    case "minio":
      return findObject({ ...context, service }, edge, wanted);
    case "neo4j":
      return findNode({ ...context, service }, edge, wanted);
    case "qdrant":
      return findPoint({ ...context, service }, edge, wanted);
    default:
      return null;
  }
}

async function findKey(
  context: RedisContext,
  edge: StackEdge,
  wanted: Wanted,
): Promise<StackSeen | null> {
  const key = edge.find?.key?.replaceAll("$MARK", wanted.mark);
  if (key === undefined) return null;
  using session = await enterFor(context, key);
  const count = await session.need("EXISTS", key);
  const seen = `${key} is ${count === 1 ? "" : "not "}in ${context.name}.`;
  return { ok: count === 1, seen, reproduce: redisCli(context, "EXISTS", key) };
}

/** @throws WireFault where the graph does not answer the query. */
async function findNode(
  context: StackContext<ServiceOf<"neo4j">>,
  edge: StackEdge,
  wanted: Wanted,
): Promise<StackSeen | null> {
  const statement = edge.find?.cypher?.replaceAll("$MARK", wanted.mark);
  if (statement === undefined) return null;
  const path = `/db/${context.service.database}/query/v2`;
  const answer = await askWeb(context, { method: "POST", path, json: { statement } });
  const rows = valueIn(answer.json, "data.values");
  if (answer.status >= 300 || !Array.isArray(rows)) {
    const said = `${answer.status} ${textIn(answer.json, "errors.0.message")}`.trim();
    throw new WireFault("protocol", `the query of ${context.name} was answered with ${said}`);
  }
  const seen = `${rows.length} rows in ${context.name}.`;
  return { ok: rows.length > 0, seen, reproduce: answer.curl };
}

/** @throws WireFault where the store does not answer. */
async function findPoint(
  context: QdrantContext,
  edge: StackEdge,
  wanted: Wanted,
): Promise<StackSeen | null> {
  const points = edge.find?.points;
  if (points === undefined) return null;
  const path = `/collections/${points.collection}/points/scroll`;
  const filter = { must: [{ key: points.field, match: { text: wanted.mark } }] };
  const json = { filter, limit: 1, with_payload: false };
  const answer = await askQdrant(context, { method: "POST", path, json });
  if (answer.status !== 200) {
    const said = `${answer.status} ${textIn(answer.json, "status.error")}`.trim();
    throw new WireFault("protocol", `${points.collection} was answered with ${said}`);
  }
  const ok = recordsIn(answer.json, "result.points").length > 0;
  const seen = `A point of this run is ${ok ? "" : "not "}in ${points.collection} of ${context.name}.`;
  return { ok, seen, reproduce: answer.curl };
}

async function findObject(context: S3Context, edge: StackEdge, wanted: Wanted): Promise<StackSeen> {
  const end = edge.find?.key?.replaceAll("$MARK", wanted.mark) ?? wanted.keyEnd ?? wanted.mark;
  let after: string | null = null;
  let read = 0;
  let isWhole = false;
  for (let page = 0; page < pagesMax; page++) {
    const query: Record<string, string> = { "list-type": "2" };
    if (after !== null) query["start-after"] = after;
    const listed = await s3Need(context, { method: "GET", query });
    const text = listed.body.toString("utf8");
    const keys = [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = ""]) => key);
    const key = keys.find((one) => one.endsWith(end));
    if (key !== undefined) return await compareObject(context, key, wanted.bytes);
    after = keys.at(-1) ?? null;
    read += keys.length;
    isWhole = after === null || !text.includes("<IsTruncated>true");
    if (isWhole) break;
  }
  // A bucket may hold more than is read: what was looked at is said.
  const where = isWhole ? "" : ` among the first ${read}, and more were not read`;
  const seen = `No object ends with ${end} in ${context.service.bucket}${where}.`;
  const ask = { method: "GET", query: { "list-type": "2" } } as const;
  return { ok: false, seen, reproduce: s3Curl(context, ask) };
}

async function compareObject(
  context: S3Context,
  key: string,
  bytes: Buffer | null,
): Promise<StackSeen> {
  const ask = { method: "GET", key } as const;
  const got = await s3Need(context, ask);
  const ok = bytes === null || sha256Hex(got.body) === sha256Hex(bytes);
  const how = bytes === null ? "is there" : ok ? "is byte-identical" : "has other bytes";
  const seen = `${key} ${how} in ${context.name} (sha256 ${sha256Hex(got.body).slice(0, 12)}).`;
  return { ok, seen, reproduce: s3Curl(context, ask) };
}

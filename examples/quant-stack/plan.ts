import { appOrigin } from "./api.ts";

const owner = "platform team";

/** The database and the cache of the application. */
function storesAt(at: { readonly db: number; readonly cache: number }): object {
  return {
    db: {
      kind: "postgres",
      owner: "data team",
      url: `postgres://127.0.0.1:${at.db}/quant`,
      user: "app",
      password: "${env:DB_PASSWORD}",
      version: "15",
      migrations: { table: "schema_migrations", head: "0003" },
      replication: "none",
    },
    cache: {
      kind: "redis",
      owner,
      url: `redis://127.0.0.1:${at.cache}`,
      password: "${env:REDIS_PASSWORD}",
      persistence: "aof",
      maxmemoryPolicy: "allkeys-lru",
      topology: "single",
      limits: { memoryBytes: 67_108_864 },
    },
  };
}

/** The time series of the application. */
const ticksAt = (port: number): object => ({
  kind: "timescaledb",
  owner: "data team",
  url: `postgres://127.0.0.1:${port}/quant`,
  user: "app",
  password: "${env:TICKS_PASSWORD}",
  version: "17",
  hypertables: ["ticks"],
});

/** Users held in turn on a route that reads the database, beside one alone. */
export const ladder = {
  users: [5, 20],
  holdSeconds: 2,
  route: { service: "api", path: "/items" },
};

/** The plan that is green on the stack; services that were not started are left out. */
export function planOf(at: {
  api: string;
  db: number;
  ticks: number | null;
  cache: number;
  files: string | null;
  models: string | null;
}): object {
  const s3 = { accessKey: "${env:S3_USER}", secretKey: "${env:S3_PASSWORD}" };
  const files = { owner, kind: "minio", url: at.files, ...s3, bucket: "data", versioning: true };
  const artifacts = { owner, kind: "minio", url: at.files, ...s3, bucket: "mlflow" };
  const models = {
    owner: "data team",
    kind: "mlflow",
    url: at.models,
    registry: true,
    version: "3",
  };
  return {
    stack: {
      name: "quant-stack",
      timeoutMs: 30_000,
      services: {
        ...storesAt(at),
        ...(at.ticks === null ? {} : { ticks: ticksAt(at.ticks) }),
        ...(at.files === null ? {} : { files, artifacts }),
        ...(at.models === null ? {} : { models }),
        api: {
          kind: "http",
          owner: "application team",
          url: at.api,
          openapi: "/openapi.json",
          cors: { path: "/items", allowed: appOrigin },
          compressed: "/items",
          cached: "/items",
          refusals: [{ path: "/items", json: { name: 7 }, status: 422 }],
        },
      },
      edges: [
        {
          from: "api",
          to: "db",
          send: { path: "/items", json: { name: "$MARK" } },
          find: {
            sql: "select 1 from items where name = '$MARK'",
            statement: "insert into items",
          },
        },
        {
          from: "api",
          to: "cache",
          send: { path: "/items", json: { name: "$MARK" } },
          find: { key: "item:$MARK" },
        },
        ...(at.models === null ? [] : [{ from: "models", to: "artifacts" }]),
      ],
    },
  };
}

import type { StackService } from "../stack/services/index.ts";
import { startHttpTwin } from "../stack/stubs/http.ts";
import { startMlflowTwin } from "../stack/stubs/mlflow.ts";
import { startPostgresStub } from "../stack/stubs/postgres.ts";
import { startRedisStub } from "../stack/stubs/redis.ts";
import { startS3Twin } from "../stack/stubs/s3.ts";
import { furtherTwins } from "../stack/stubs/further-twins.ts";
import type { StackStub } from "../stack/stubs/stub.ts";
import type { StackTwin, StartTwin } from "../stack/stubs/twin.ts";

const password = "right-password-of-the-twin";

function twin(stub: StackStub, service: Readonly<Record<string, unknown>>): StackTwin {
  return {
    service: { ...service, url: stub.url, password: "${env:TWIN_PASSWORD}" },
    secrets: { TWIN_PASSWORD: password },
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}

const startRedis: StartTwin = async (rules) =>
  twin(await startRedisStub(rules, password), {
    kind: "redis",
    version: "7.0",
    persistence: "aof",
    maxmemoryPolicy: "allkeys-lru",
    topology: "single",
    replicas: 1,
    limits: { memoryBytes: 2_097_152, connections: 1_000 },
  });

const startPostgres =
  (kind: "postgres" | "timescaledb"): StartTwin =>
  async (rules) =>
    twin(await startPostgresStub(rules, password), {
      kind,
      user: "app",
      version: "15",
      migrations: { table: "schema_migrations", head: "0003" },
      sizeBytesMax: 100_000_000,
      replication: "primary",
      lagSecondsMax: 5,
      pool: { sessions: 8 },
      slowStatementMs: 500,
      queries: { orders: { sql: "select count(*) as orders from orders", min: 1 } },
      ...(kind === "timescaledb" ? { hypertables: ["ticks"] } : {}),
      limits: { connections: 50 },
    });

/**
 * The twin of every kind of service whose checks are to be shown to fail; the only registry. Checks
 * of a kind without one cannot be run, and the selftest says so.
 */
export const stackTwins: Readonly<Partial<Record<StackService["kind"], StartTwin>>> = {
  redis: startRedis,
  postgres: startPostgres("postgres"),
  timescaledb: startPostgres("timescaledb"),
  s3: startS3Twin("s3"),
  minio: startS3Twin("minio"),
  mlflow: startMlflowTwin,
  http: startHttpTwin,
  ...furtherTwins,
};

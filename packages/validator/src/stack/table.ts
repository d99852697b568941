import type { StackProbe } from "./probe.ts";
import { furtherProbes } from "./probes/further-probes.ts";
import { httpProbes } from "./probes/http.ts";
import { minioProbes } from "./probes/minio.ts";
import { mlflowProbes } from "./probes/mlflow.ts";
import { type PostgresProbe, postgresBasics } from "./probes/postgres.ts";
import { postgresQueries } from "./probes/postgres-queries.ts";
import { postgresLoad } from "./probes/postgres-load.ts";
import { postgresSettings } from "./probes/postgres-settings.ts";
import { redisBasics } from "./probes/redis.ts";
import { redisSettings } from "./probes/redis-settings.ts";
import { redisTopology } from "./probes/redis-topology.ts";
import { s3Basics } from "./probes/s3.ts";
import { s3Policy } from "./probes/s3-policy.ts";
import { s3Settings } from "./probes/s3-settings.ts";
import { timescaleProbes } from "./probes/timescale.ts";
import { versionProbe } from "./probes/version.ts";

const redisOld = { when: "INFO", reply: "#redis_version:1.2.3" };

const postgresOld = { when: "show server_version", reply: '[["14.13"]]' };

function ofPostgres(kind: "postgres" | "timescaledb", own: readonly PostgresProbe[]) {
  const version = versionProbe(kind, "login", [postgresOld]);
  return [
    ...postgresBasics,
    version,
    ...postgresSettings,
    ...postgresLoad,
    postgresQueries,
    ...own,
  ].map((probe) => ({
    ...probe,
    kind,
  }));
}

const ofS3 = (kind: "s3" | "minio") =>
  [...s3Basics, ...s3Settings, ...s3Policy].map((probe) => ({ ...probe, kind }));

const mlflowOld = { when: "GET /version", reply: "1.9.1" };

/** Every check of every kind, in the order it runs; the only registry. */
export const stackProbes: readonly StackProbe[] = [
  ...redisBasics,
  versionProbe("redis", "login", [redisOld]),
  ...redisSettings,
  ...redisTopology,
  ...ofPostgres("postgres", []),
  ...ofPostgres("timescaledb", timescaleProbes),
  ...ofS3("s3"),
  ...ofS3("minio"),
  ...minioProbes,
  ...mlflowProbes,
  versionProbe("mlflow", "answers", [mlflowOld]),
  ...httpProbes,
  ...furtherProbes,
];

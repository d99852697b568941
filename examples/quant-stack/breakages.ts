import { type QuantStack, versions } from "./stack.ts";

/** One way to break the stack, with the claims that are to turn red: those and no others. */
export interface Breakage {
  readonly id: string;
  readonly title: string;
  readonly needs?: "minio" | "mlflow" | "timescaledb";
  readonly red: readonly string[];
  /** What the commands of its findings say while it is broken, and not once it is whole. */
  readonly shown: RegExp;
  apply(stack: QuantStack): void | Promise<void>;
  undo(stack: QuantStack): void | Promise<void>;
}

const reload = "select pg_reload_conf()";

const publicRead = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: ["*"] },
      Action: ["s3:GetObject", "s3:ListBucket"],
      Resource: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
    },
  ],
});

const ofApi = (
  id: string,
  title: string,
  fault: keyof QuantStack["api"]["faults"],
  o: { red: string; shown: RegExp },
): Breakage => ({
  id,
  title,
  red: [o.red],
  shown: o.shown,
  apply: ({ api }) => void (api.faults[fault] = true),
  undo: ({ api }) => void (api.faults[fault] = false),
});

/** The documented breakages. */
export const breakages: readonly Breakage[] = [
  {
    id: "cache-evicts-nothing",
    title: "Redis is set to noeviction: full memory refuses writes",
    red: ["cache.eviction"],
    shown: /maxmemory_policy:noeviction/,
    apply: ({ redis }) => redis.cli("config", "set", "maxmemory-policy", "noeviction"),
    undo: ({ redis }) => redis.cli("config", "set", "maxmemory-policy", "allkeys-lru"),
  },
  {
    id: "cache-keeps-nothing",
    title: "Redis appends to no log: a restart loses the keys",
    red: ["cache.persistence"],
    shown: /aof_enabled:0/,
    apply: ({ redis }) => redis.cli("config", "set", "appendonly", "no"),
    undo: ({ redis }) => redis.cli("config", "set", "appendonly", "yes"),
  },
  {
    id: "cache-read-only",
    title: "Redis waits for replicas it has not: PING is answered, writes are not",
    red: ["cache.read_back", "edge.api.cache"],
    shown: /NOREPLICAS|\}0\s/,
    apply: ({ redis }) => redis.cli("config", "set", "min-replicas-to-write", "3"),
    undo: ({ redis }) => redis.cli("config", "set", "min-replicas-to-write", "0"),
  },
  {
    id: "cache-other-password",
    title: "the password of Redis was changed on the server alone",
    red: ["cache.login"],
    shown: /WRONGPASS/,
    apply: ({ redis }) => redis.cli("config", "set", "requirepass", "changed-by-somebody"),
    undo: ({ redis, secrets }) =>
      redis.cli(
        "-a",
        "changed-by-somebody",
        "config",
        "set",
        "requirepass",
        secrets["REDIS_PASSWORD"] ?? "",
      ),
  },
  {
    id: "db-fsync-off",
    title: "PostgreSQL acknowledges what is not on the disk",
    red: ["db.durability"],
    shown: /^fsync\|off$/m,
    apply({ postgres }) {
      postgres.sql("alter system set fsync = off");
      postgres.sql(reload);
    },
    undo({ postgres }) {
      postgres.sql("alter system reset fsync");
      postgres.sql(reload);
    },
  },
  {
    id: "db-user-creates-roles",
    title: "the application's user may create roles",
    red: ["db.grants"],
    shown: /^CREATE ROLE$/m,
    apply: ({ postgres }) => postgres.sql("alter role app createrole"),
    undo: ({ postgres }) => postgres.sql("alter role app nocreaterole"),
  },
  {
    id: "db-migration-behind",
    title: "the last migration was not applied",
    red: ["db.migrations"],
    shown: /^0\|0002$/m,
    apply: ({ postgres }) => postgres.sql("delete from schema_migrations where version = '0003'"),
    undo: ({ postgres }) => postgres.sql("insert into schema_migrations values ('0003')"),
  },
  {
    id: "db-trusts-everybody",
    title: "PostgreSQL lets the user in without its password",
    red: ["db.locked"],
    shown: /^1$/m,
    apply: ({ postgres }) => postgres.allow("trust"),
    undo: ({ postgres }) => postgres.allow("scram-sha-256"),
  },
  {
    id: "ticks-plain-table",
    title: "the table of prices is split by nothing",
    needs: "timescaledb",
    red: ["ticks.hypertables"],
    shown: /^(?![^]*(?:^|\n)ticks\|)/,
    apply({ timescale }) {
      timescale?.sql("alter table ticks rename to ticks_by_time");
      timescale?.sql("set role app; create table ticks (like ticks_by_time)");
    },
    undo({ timescale }) {
      timescale?.sql("drop table ticks");
      timescale?.sql("alter table ticks_by_time rename to ticks");
    },
  },
  ofApi("api-cors", "the API tells every origin that it may", "corsForAll", {
    red: "api.cors",
    shown: /^access-control-allow-origin: (null|https)/im,
  }),
  ofApi("api-contract", "the API answers another shape than declared", "wrongItems", {
    red: "api.openapi",
    shown: /"items":"none"/,
  }),
  ofApi("api-trace", "errors of the API carry a stack trace", "traces", {
    red: "api.errors",
    shown: /app\.py/,
  }),
  ofApi("api-no-cache", "the API has a client of Redis and never calls it", "forgetsCache", {
    red: "edge.api.cache",
    shown: /\}0\s/,
  }),
  ofApi("api-plain", "the API compresses nothing", "plainText", {
    red: "api.compression",
    shown: /^(?![^]*content-encoding: gzip)/,
  }),
  {
    id: "bucket-public",
    title: "the world may list and read a bucket",
    needs: "minio",
    red: ["files.private"],
    shown: /<ListBucketResult/,
    apply: async ({ minio }) => minio?.ask("PUT", "/data?policy=", publicRead),
    undo: async ({ minio }) => minio?.ask("DELETE", "/data?policy="),
  },
  {
    id: "bucket-forgets",
    title: "versions of objects are suspended",
    needs: "minio",
    red: ["files.versioning"],
    shown: /<Status>Suspended/,
    apply: async ({ minio }) => minio?.ask("PUT", "/data?versioning=", versions("Suspended")),
    undo: async ({ minio }) => minio?.ask("PUT", "/data?versioning=", versions("Enabled")),
  },
  {
    id: "models-gone",
    title: "MLflow is down",
    needs: "mlflow",
    red: ["models.answers"],
    shown: /refused/,
    apply: async ({ mlflow }) => mlflow?.stop(),
    undo: async ({ mlflow }) => mlflow?.restart(),
  },
  {
    id: "cache-gone",
    title: "Redis is down",
    red: ["cache.answers"],
    shown: /refused/,
    apply: async ({ redis }) => redis.stop(),
    undo: async ({ redis }) => redis.restart(),
  },
];

import { type QuantStack, versions } from "./stack.ts";

/** One way to break the stack, with the claims that are to turn red: those and no others. */
export interface Breakage {
  readonly id: string;
  readonly title: string;
  readonly needs?: "minio" | "mlflow";
  readonly red: readonly string[];
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
  red: string,
): Breakage => ({
  id,
  title,
  red: [red],
  apply: ({ api }) => void (api.faults[fault] = true),
  undo: ({ api }) => void (api.faults[fault] = false),
});

/** The documented breakages. */
export const breakages: readonly Breakage[] = [
  {
    id: "cache-evicts-nothing",
    title: "Redis is set to noeviction: full memory refuses writes",
    red: ["cache.eviction"],
    apply: ({ redis }) => redis.cli("config", "set", "maxmemory-policy", "noeviction"),
    undo: ({ redis }) => redis.cli("config", "set", "maxmemory-policy", "allkeys-lru"),
  },
  {
    id: "cache-keeps-nothing",
    title: "Redis appends to no log: a restart loses the keys",
    red: ["cache.persistence"],
    apply: ({ redis }) => redis.cli("config", "set", "appendonly", "no"),
    undo: ({ redis }) => redis.cli("config", "set", "appendonly", "yes"),
  },
  {
    id: "cache-read-only",
    title: "Redis waits for replicas it has not: PING is answered, writes are not",
    red: ["cache.read_back", "edge.api.cache"],
    apply: ({ redis }) => redis.cli("config", "set", "min-replicas-to-write", "3"),
    undo: ({ redis }) => redis.cli("config", "set", "min-replicas-to-write", "0"),
  },
  {
    id: "cache-other-password",
    title: "the password of Redis was changed on the server alone",
    red: ["cache.login"],
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
    apply: ({ postgres }) => postgres.sql("alter role app createrole"),
    undo: ({ postgres }) => postgres.sql("alter role app nocreaterole"),
  },
  {
    id: "db-migration-behind",
    title: "the last migration was not applied",
    red: ["db.migrations"],
    apply: ({ postgres }) => postgres.sql("delete from schema_migrations where version = '0003'"),
    undo: ({ postgres }) => postgres.sql("insert into schema_migrations values ('0003')"),
  },
  {
    id: "db-trusts-everybody",
    title: "PostgreSQL lets the user in without its password",
    red: ["db.locked"],
    apply: ({ postgres }) => postgres.allow("trust"),
    undo: ({ postgres }) => postgres.allow("scram-sha-256"),
  },
  ofApi("api-cors", "the API tells every origin that it may", "corsForAll", "api.cors"),
  ofApi("api-contract", "the API answers another shape than declared", "wrongItems", "api.openapi"),
  ofApi("api-trace", "errors of the API carry a stack trace", "traces", "api.errors"),
  ofApi(
    "api-no-cache",
    "the API has a client of Redis and never calls it",
    "forgetsCache",
    "edge.api.cache",
  ),
  ofApi("api-plain", "the API compresses nothing", "plainText", "api.compression"),
  {
    id: "bucket-public",
    title: "the world may list and read a bucket",
    needs: "minio",
    red: ["files.private"],
    apply: async ({ minio }) => minio?.ask("PUT", "/data?policy=", publicRead),
    undo: async ({ minio }) => minio?.ask("DELETE", "/data?policy="),
  },
  {
    id: "bucket-forgets",
    title: "versions of objects are suspended",
    needs: "minio",
    red: ["files.versioning"],
    apply: async ({ minio }) => minio?.ask("PUT", "/data?versioning=", versions("Suspended")),
    undo: async ({ minio }) => minio?.ask("PUT", "/data?versioning=", versions("Enabled")),
  },
  {
    id: "models-gone",
    title: "MLflow is down",
    needs: "mlflow",
    red: ["models.answers"],
    apply: async ({ mlflow }) => mlflow?.stop(),
    undo: async ({ mlflow }) => mlflow?.restart(),
  },
  {
    id: "cache-gone",
    title: "Redis is down",
    red: ["cache.answers"],
    apply: async ({ redis }) => redis.stop(),
    undo: async ({ redis }) => redis.restart(),
  },
];

import { randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  isFound,
  parts,
  partsEnvironment,
  probePart,
} from "../../packages/testkit/src/parts/index.ts";
import { signed } from "../../packages/validator/src/stack/wire/sigv4.ts";
import { type Api, startApi } from "./api.ts";
import { planOf } from "./plan.ts";
import { type Postgres, startPostgres, startTimescale } from "./postgres.ts";
import { freePort, type Started, startProgram } from "./process.ts";

/** The stack while it runs; secrets are made for each start. */
export interface QuantStack {
  readonly api: Api;
  readonly postgres: Postgres;
  readonly timescale: Postgres | null;
  readonly redis: Started & { cli(...words: readonly string[]): void };
  readonly minio:
    | (Started & { ask(method: string, path: string, body?: string): Promise<void> })
    | null;
  readonly mlflow: Started | null;
  /** The plan as an object; a YAML reader takes its JSON too. */
  readonly plan: object;
  /** Values of the variables the plan names. */
  readonly secrets: Readonly<Record<string, string>>;
  /** `NOT TESTED: part (why)` of each part that is not there. */
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

const secret = (): string => randomBytes(12).toString("hex");

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.ok;
}

async function startRedis(path: string, dir: string, password: string) {
  const port = await freePort();
  const home = join(dir, "redis");
  mkdirSync(home);
  const bound = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    home,
    "--requirepass",
    password,
  ];
  const kept = ["--appendonly", "yes", "--save", "", "--maxmemory", "64mb"];
  const cliPath = join(dirname(path), "redis-cli");
  const env = { ...process.env, REDISCLI_AUTH: password };
  const cli = (...words: readonly string[]): string =>
    execFileSync(cliPath, ["-p", String(port), ...words], {
      env,
      encoding: "utf8",
      timeout: 10_000,
    });
  const started = await startProgram({
    name: "redis",
    dir,
    argv: [path, ...bound, ...kept, "--maxmemory-policy", "allkeys-lru"],
    readyMs: 10_000,
    isReady: async () => (await Promise.resolve(cli("ping"))).startsWith("PONG"),
  });
  return { ...started, port, cli: (...words: readonly string[]) => void cli(...words) };
}

async function startMinio(path: string, dir: string, keys: { user: string; password: string }) {
  const [port, console] = [await freePort(), await freePort()];
  const home = join(dir, "minio");
  mkdirSync(home);
  const at = ["--address", `127.0.0.1:${port}`, "--console-address", `127.0.0.1:${console}`];
  const url = `http://127.0.0.1:${port}`;
  const started = await startProgram({
    name: "minio",
    dir,
    argv: [path, "server", home, ...at],
    env: { MINIO_ROOT_USER: keys.user, MINIO_ROOT_PASSWORD: keys.password, MINIO_UPDATE: "off" },
    readyMs: 60_000,
    isReady: () => answers(`${url}/minio/health/live`),
  });
  const ask = async (method: string, path_: string, body = ""): Promise<void> => {
    const own = { accessKey: keys.user, secretKey: keys.password, region: "us-east-1" };
    const plain = { method, url: `${url}${path_}`, body: Buffer.from(body) };
    const { headers = {} } = signed(plain, own, Date.now());
    const { host: _host, ...rest } = headers;
    const response = await fetch(plain.url, {
      method,
      headers: rest,
      ...(body === "" ? {} : { body }),
    });
    if (!response.ok)
      throw new Error(`${method} ${path_}: ${response.status} ${await response.text()}`);
  };
  await ask("PUT", "/data");
  await ask("PUT", "/mlflow");
  await ask("PUT", "/data?versioning=", versions("Enabled"));
  return { ...started, url, ask };
}

/** The document that switches versions of a bucket. */
export const versions = (state: "Enabled" | "Suspended"): string =>
  `<VersioningConfiguration><Status>${state}</Status></VersioningConfiguration>`;

async function startMlflow(
  path: string,
  dir: string,
  o: { url: string; user: string; password: string },
) {
  const port = await freePort();
  const store = `sqlite:///${join(dir, "mlflow.db")}`;
  const artifacts = ["--artifacts-destination", "s3://mlflow/artifacts"];
  const at = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const url = `http://127.0.0.1:${port}`;
  const started = await startProgram({
    name: "mlflow",
    dir,
    argv: [path, "server", ...at, "--backend-store-uri", store, ...artifacts],
    env: {
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
      MLFLOW_DISABLE_TELEMETRY: "true",
      MLFLOW_S3_ENDPOINT_URL: o.url,
      AWS_ACCESS_KEY_ID: o.user,
      AWS_SECRET_ACCESS_KEY: o.password,
      AWS_DEFAULT_REGION: "us-east-1",
    },
    readyMs: 180_000,
    isReady: () => answers(`${url}/health`),
  });
  return { ...started, url };
}

/** The parts that are here by their id, and a line for each that is not. */
async function findParts(): Promise<{ found: Map<string, string>; missing: string[] }> {
  const environment = partsEnvironment(process.env);
  const found = new Map<string, string>();
  const missing: string[] = [];
  for (const id of ["postgres-15", "timescaledb", "redis", "minio", "mlflow"]) {
    const part = parts.find((one) => one.id === id);
    const answer =
      part === undefined ? { id, reason: "unknown" } : await probePart(part, environment);
    if (isFound(answer)) found.set(id, answer.path);
    else missing.push(`NOT TESTED: ${id} (${answer.reason}; get it: ${part?.get ?? "-"})`);
  }
  return { found, missing };
}

/** Starts what is there: PostgreSQL and Redis are needed, others are said to be missing. */
export async function startQuantStack(): Promise<QuantStack> {
  const { found, missing } = await findParts();
  const [binDir, redisPath] = [found.get("postgres-15"), found.get("redis")];
  if (binDir === undefined || redisPath === undefined) throw new Error(missing.join("\n"));
  const dir = mkdtempSync(join(tmpdir(), "quant-stack-"));
  chmodSync(dir, 0o755);
  const secrets = {
    DB_PASSWORD: secret(),
    TICKS_PASSWORD: secret(),
    REDIS_PASSWORD: secret(),
    S3_USER: secret(),
    S3_PASSWORD: secret(),
  };
  const keys = { user: secrets.S3_USER, password: secrets.S3_PASSWORD };
  const stops: (() => Promise<void>)[] = [];
  const kept = <T extends { stop(): Promise<void> }>(one: T): T => {
    stops.unshift(() => one.stop());
    return one;
  };
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0)) await end();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const postgres = kept(await startPostgres(binDir, { dir, password: secrets.DB_PASSWORD }));
    const ticksDir = found.get("timescaledb");
    const ticks = { dir, password: secrets.TICKS_PASSWORD, psqlDir: binDir };
    const timescale = ticksDir === undefined ? null : kept(await startTimescale(ticksDir, ticks));
    const redis = kept(await startRedis(redisPath, dir, secrets.REDIS_PASSWORD));
    const minioPath = found.get("minio");
    const minio = minioPath === undefined ? null : kept(await startMinio(minioPath, dir, keys));
    const mlflowPath = minio === null ? undefined : found.get("mlflow");
    const mlflow =
      minio === null || mlflowPath === undefined
        ? null
        : kept(await startMlflow(mlflowPath, dir, { url: minio.url, ...keys }));
    const database = { port: postgres.port, password: secrets.DB_PASSWORD };
    const cache = { port: redis.port, password: secrets.REDIS_PASSWORD };
    const api = kept(await startApi({ database, cache }));
    const plan = planOf({
      api: api.url,
      db: postgres.port,
      ticks: timescale?.port ?? null,
      cache: redis.port,
      files: minio?.url ?? null,
      models: mlflow?.url ?? null,
    });
    return { api, postgres, timescale, redis, minio, mlflow, plan, secrets, missing, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig } from "./load.ts";

const dir = mkdtempSync(join(tmpdir(), "ll-production-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const secretFile = join(dir, "secret");
writeFileSync(secretFile, "hush");
/** An address of error reports, which is a secret. */
function dsn(scheme: "http" | "https"): Record<string, unknown> {
  const path = join(dir, scheme);
  writeFileSync(path, `${scheme}://key@errors.test/1`);
  return { telemetry: { errors: { dsn: `\${file:${path}}` } } };
}
const fromFile = `\${file:${secretFile}}`;
const fromEnv = "${env:HUSH}";
const env = { HUSH: "hush", RURL: "redis://user:pw@redis.test:6379" };

const stateDir = join(dir, "state");
/** What each configuration here has besides what its test is about. */
const sound = { stateDir, auditLog: { heads: join(dir, "heads.jsonl") } };

/** The first problem of a configuration, or `none`. */
function problemOf(config: Record<string, unknown>, profile = "production"): string {
  try {
    loadConfig(undefined, env, { profile, ...sound, ...config });
    return "none";
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "?";
    const path = cause instanceof Error ? cause.message.split(":")[0] : "";
    return `${code} ${path}`;
  }
}

const s3 = (endpoint: string, secretKey = fromFile): Record<string, unknown> => ({
  stores: { objects: { endpoint, bucket: "files", accessKey: fromFile, secretKey } },
});
const db = "postgres://u@db.test/x";
const sql = (address: string): Record<string, unknown> => ({ stores: { sql: address } });
const spans = "http://otel.test:4318/v1/traces";
const traced = "telemetry.traces.endpoint";
const at = (baseUrl: string): Record<string, unknown> => ({
  targets: { a: { provider: "openai", model: "m", baseUrl } },
});
const target = (key: string): Record<string, unknown> => ({
  targets: { a: { provider: "openai", model: "m", keys: [key] } },
});

describe("the production profile", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["Redis over a network", { stores: { redis: "redis://redis.test:6379" } }, "stores.redis"],
    ["an address in a secret", { stores: { redis: "${env:RURL}" } }, "stores.redis"],
    [
      "one node of a cluster",
      { stores: { redis: { cluster: ["rediss://a.test:1", "redis://b.test:1"] } } },
      "stores.redis",
    ],
    [
      "a master behind Sentinels",
      { stores: { redis: { sentinels: ["rediss://a.test:1"], master: "m" } } },
      "stores.redis",
    ],
    ["PostgreSQL over a network", { stores: { sql: "postgres://u@db.test/x" } }, "stores.sql"],
    [
      "PostgreSQL that only prefers TLS",
      { stores: { sql: "postgres://u@db.test/x?sslmode=prefer" } },
      "stores.sql",
    ],
    ["a host in the query", sql("postgres://u@localhost/x?host=db.test"), "stores.sql"],
    ["no host, so PGHOST", sql("postgres:///x"), "stores.sql"],
    ["a user and no host", sql("postgres://u@/x"), "stores.sql"],
    ["a last sslmode", sql(`${db}?sslmode=require&sslmode=disable`), "stores.sql"],
    ["a last, empty sslmode", sql(`${db}?sslmode=require&sslmode=`), "stores.sql"],
    ["a name escaped beside a space", sql(`${db} ?sslm%6Fde=require`), "stores.sql"],
    ["S3 over a network", s3("http://s3.test:9000"), "stores.objects"],
    ["an address that only looks local", s3("http://127.0.0.1.evil.test"), "stores.objects"],
    ["a provider over a network", at("http://llm.test/v1"), "targets.a.baseUrl"],
    ["a provider named like this machine", at("http://localhost.test/v1"), "targets.a.baseUrl"],
    ["traces over a network", { telemetry: { traces: { endpoint: spans } } }, traced],
    ["errors over a network", dsn("http"), "telemetry.errors.dsn"],
    ["a listener on every address", { listen: { host: "0.0.0.0" } }, "listen.host"],
    ["a listener on every IPv6 address", { listen: { host: "::" } }, "listen.host"],
  ])("refuses clear text: %s, which development takes", (_what, config, path) => {
    expect(problemOf(config)).toBe(`LL_CONFIG_INVALID ${path}`);
    expect(problemOf(config, "development")).toBe("none");
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["a provider's key", target(fromEnv), "targets.a.keys[0]"],
    ["a store's key", s3("https://s3.test", fromEnv), "stores.objects.secretKey"],
    ["a pepper", { auth: { peppers: { 1: fromEnv } } }, "auth.peppers.1"],
  ])("refuses a secret from the environment: %s", (_what, config, path) => {
    const long = { ...env, HUSH: "x".repeat(40) };
    const load = (profile: string) => () =>
      loadConfig(undefined, long, { profile, ...sound, ...config });
    const refused = { code: "LL_CONFIG_SECRET", message: expect.stringContaining(`${path}: `) };
    expect(load("production")).toThrow(expect.objectContaining(refused));
    expect(load("development")).not.toThrow();
  });

  it.each<[string, Record<string, unknown>]>([
    ["no signed heads", { auditLog: {} }],
    ["heads beside the log", { auditLog: { heads: join(stateDir, "heads.jsonl") } }],
    ["heads below it", { auditLog: { heads: join(stateDir, "a", "..", "b", "heads.jsonl") } }],
  ])("refuses an audit log with %s, which development takes", (_what, config) => {
    expect(problemOf(config)).toBe("LL_CONFIG_INVALID auditLog.heads");
    expect(problemOf(config, "development")).toBe("none");
  });

  it.each<[string, Record<string, unknown>]>([
    ["nothing but the machine itself", {}],
    ["heads beside the state directory", { auditLog: { heads: `${stateDir}-heads.jsonl` } }],
    [
      "stores on the machine",
      { stores: { redis: "redis://127.0.0.1:1", sql: "postgres://u@localhost/x" } },
    ],
    ["a socket in the query", sql("postgres://u@localhost/x?host=/run/postgresql")],
    ["a socket as the host", sql("postgres://u@%2Frun%2Fpostgresql/x")],
    ["a host of the machine in the query", sql("postgres://u@db.test/x?host=127.0.0.1")],
    ["a last sslmode that is strict", sql(`${db}?sslmode=disable&sslmode=verify-full`)],
    [
      "stores over TLS",
      {
        stores: {
          redis: "rediss://redis.test:1",
          sql: "postgres://u@db.test/x?sslmode=verify-full",
        },
      },
    ],
    [
      "Sentinels and master over TLS",
      { stores: { redis: { sentinels: ["rediss://a.test:1"], master: "m", tls: true } } },
    ],
    ["S3 over TLS", s3("https://s3.test")],
    ["declared proxies", { listen: { host: "0.0.0.0" }, http: { trustedProxies: ["10.0.0.0/8"] } }],
    ["TLS of its own", { listen: { host: "0.0.0.0" }, tls: { files: { cert: "c", key: "k" } } }],
    ["a key from a file", target(fromFile)],
    ["a provider over TLS", at("https://llm.test/v1")],
    ["a provider on the machine", at("http://127.0.0.1:8000/v1")],
    ["traces to the machine", { telemetry: { traces: { endpoint: "http://[::1]:4318/" } } }],
    ["traces over TLS", { telemetry: { traces: { endpoint: spans.replace("http:", "https:") } } }],
    ["errors over TLS", dsn("https")],
  ])("takes %s", (_what, config) => {
    expect(problemOf(config)).toBe("none");
  });
});

import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load.ts";
import { Secret } from "../config/values.ts";

const load = (redis: unknown, env: Record<string, string> = {}) =>
  loadConfig(undefined, env, { stores: { redis } }).stores.redis;

describe("stores.redis", () => {
  it("is one server, by its address or by a reference to it", () => {
    expect(load("redis://127.0.0.1:6379/2")).toBe("redis://127.0.0.1:6379/2");
    const secret = load("${env:REDIS}", { REDIS: "rediss://u:p@example.test:6380" });
    expect(secret).toBeInstanceOf(Secret);
    expect(JSON.stringify(secret)).toBe('"***"');
  });

  it("is the master that Sentinels name, with its passwords as references", () => {
    const sentinels = ["redis://10.0.0.1:26379", "redis://10.0.0.2:26379"];
    const redis = load({ sentinels, master: "m", password: "${env:P}" }, { P: "secret" });
    expect(redis).toMatchObject({ sentinels, master: "m", tls: false, database: 0 });
    expect(JSON.stringify(redis)).not.toContain("secret");
  });

  it("is a cluster by some of its nodes", () => {
    const cluster = ["redis://10.0.0.1:7000", "redis://10.0.0.2:7000"];
    expect(load({ cluster, username: "u" })).toEqual({ cluster, username: "u" });
  });

  it.each([
    ["another protocol", "http://127.0.0.1:1"],
    ["a password in the open", "redis://u:p@127.0.0.1:1"],
    ["a cluster's password in the open", { cluster: ["redis://a:1"], password: "p" }],
    ["credentials in a node's address", { cluster: ["redis://u:p@a:1"] }],
    ["no node", { cluster: [] }],
    ["Sentinels without the master's name", { sentinels: ["redis://a:1"] }],
    ["both", { sentinels: ["redis://a:1"], master: "m", cluster: ["redis://a:1"] }],
    ["an unknown key", { cluster: ["redis://a:1"], nodes: 3 }],
  ])("refuses %s", (_, redis) => {
    expect(() => load(redis)).toThrow(/stores\.redis/);
  });
});

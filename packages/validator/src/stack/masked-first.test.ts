import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "../../../testkit/src/listen.ts";
import { runStackPlan } from "./stack.fixture.ts";
import { makeFolder } from "./stubs/folder.ts";
import { startRedisStub } from "./stubs/redis.ts";

const secret = "sk-nobody-may-read-90210-of-it";
const secrets = { KEY: secret };
const key = "${env:KEY}";

describe("what a record quotes of a service is masked before anything else", () => {
  it.each([
    { kind: "qdrant", apiKey: key },
    { kind: "grafana", token: key, dashboards: ["main"] },
    { kind: "mlflow", user: "me", password: key },
    { kind: "s3", accessKey: key, secretKey: key, bucket: "abc" },
  ])("where the text is cut: %j", async (service) => {
    let before = 0;
    await using server = createServer((_, response) => {
      response.writeHead(500).end(`${"x".repeat(before)}${secret}`);
    });
    const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
    for (const length of [50, 60, 70, 2_020]) {
      before = length;
      const { evidence } = await runStackPlan({ services: { it: { ...service, url } } }, secrets);
      expect(evidence).toContain("x".repeat(50));
      expect(evidence).not.toContain(secret.slice(0, 5));
    }
  });

  it("where an edge is sent through a service that fails", async () => {
    await using cache = await startRedisStub([], null);
    await using server = createServer(({ method }, response) => {
      response.statusCode = method === "POST" ? 500 : 200;
      response.end(`${"x".repeat(480)}${secret}`);
    });
    const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
    const services = {
      api: { kind: "http", url, token: key },
      cache: { kind: "redis", url: cache.url },
    };
    const send = { path: "/items", json: { name: "$MARK" } };
    const edges = [{ from: "api", to: "cache", send, find: { key: "item:$MARK" } }];
    const { evidence, words } = await runStackPlan({ services, edges }, secrets);
    expect(words["edge.api.cache"]).toBe("failed false");
    expect(evidence).toContain("POST /items answered 500");
    expect(evidence).not.toContain(secret.slice(0, 5));
  });

  it("where the digits of a log's line are left out", async () => {
    await using folder = await makeFolder({ "a.log": `ERROR the login of ${secret} is lost\n` });
    const it_ = { kind: "logs", files: [`${folder.path}/a.log`], structured: false };
    const other = { kind: "qdrant", url: "http://127.0.0.1:1", apiKey: key };
    const { evidence } = await runStackPlan({ services: { it: it_, other } }, secrets);
    expect(evidence).toContain("ERROR the login of");
    expect(evidence).not.toContain(secret.slice(0, 5));
  });
});

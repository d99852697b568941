import { createServer, type Server, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { freePort } from "../../../testkit/src/free-port.ts";
import { having, runStackPlan, type StackResult } from "./stack.fixture.ts";
import type { StackRule } from "./probe.ts";
import { startRedisStub } from "./stubs/redis.ts";
import { stackProbes } from "./table.ts";

const password = "a-right-password-of-the-stub";
const redis = stackProbes.filter(({ kind }) => kind === "redis");

const declared = {
  kind: "redis",
  password: "${env:REDIS_PASSWORD}",
  version: "7.0",
  persistence: "aof",
  maxmemoryPolicy: "allkeys-lru",
  topology: "single",
  replicas: 1,
  limits: { memoryBytes: 2_097_152, connections: 1_000 },
};

async function against(rules: readonly StackRule[], given = password): Promise<StackResult> {
  await using stub = await startRedisStub(rules, password);
  const services = { cache: { ...declared, url: stub.url } };
  return await runStackPlan({ timeoutMs: 10_000, services }, { REDIS_PASSWORD: given });
}

async function listen(serve: (socket: Socket) => void): Promise<Server & { url: string }> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return Object.assign(server, { url: `redis://127.0.0.1:${port}` });
}

describe("the checks of Redis", () => {
  it("all pass against the healthy twin", async () => {
    const result = await against([]);
    expect(result.words).toEqual(
      Object.fromEntries(redis.map(({ check }) => [`cache.${check}`, "passed"])),
    );
    expect(result.exitCode).toBe(0);
  });

  it.each(redis.map((probe) => [probe.check, probe] as const))(
    "the saboteur of %s makes it and no other fail",
    async (check, probe) => {
      const result = await against(probe.saboteur);
      expect(having(result, "failed")).toEqual([`cache.${check}`]);
      expect(having(result, "error")).toEqual([]);
    },
  );

  it("a wrong credential fails the login by name, and what needs it is not tested", async () => {
    const result = await against([], "another-password");
    expect(having(result, "failed")).toEqual(["cache.login"]);
    expect(result.sentences["cache.login"]).toContain("WRONGPASS");
    expect(having(result, "passed")).toEqual(["cache.answers"]);
    expect(result.words["cache.read_back"]).toBe("not_tested baseline_broken");
  });

  it("no credential reaches the evidence", async () => {
    const result = await against([]);
    expect(result.evidence).not.toContain(password);
    expect(result.evidence).toContain("$REDIS_PASSWORD");
  });

  it("every observation carries a command that shows it again", async () => {
    const { evidence } = await against([]);
    const seen = evidence.split("\n").filter((line) => line.includes('"kind":"observation"'));
    expect(seen.length).toBeGreaterThan(8);
    for (const line of seen) expect(line).toMatch(/"reproduce":\["/);
  });

  it("a refused connection fails, whatever else could not be asked", async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const { words } = await runStackPlan({ services: { cache: { kind: "redis", url } } });
    expect(words["cache.answers"]).toBe("failed false");
    expect(Object.values(words).filter((word) => word === "passed")).toEqual([]);
  });

  it("a server of another kind on that port is named", async () => {
    const server = await listen((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    const result = await runStackPlan({ services: { cache: { kind: "redis", url: server.url } } });
    expect(result.sentences["cache.answers"]).toContain("an HTTP server");
    expect(having(result, "failed")).toEqual(["cache.answers"]);
    server.close();
  });

  it("a server that drips bytes for ever ends with the check's time", async () => {
    const clock = systemClock();
    const sockets = new Set<Socket>();
    const drip = (socket: Socket): void => {
      if (socket.destroyed) return;
      socket.write("+");
      clock.after(20, () => drip(socket));
    };
    const server = await listen((socket) => {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      clock.after(20, () => drip(socket));
    });
    const began = performance.now();
    const services = { cache: { kind: "redis", url: server.url } };
    const result = await runStackPlan({ timeoutMs: 300, services });
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(result.words["cache.answers"]).toBe("failed false");
    expect(having(result, "passed")).toEqual([]);
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

describe("Redis that is run with others", () => {
  it("a redirection in place of a refusal is an open door [R1-26]", async () => {
    const rules = [{ when: "GET loadline-locked", reply: "-MOVED 1234 127.0.0.1:1\r\n" }];
    const { words } = await against(rules);
    expect(words["cache.locked"]).toBe("failed false");
  });

  it("a key whose node cannot be reached is told with the node's address", async () => {
    const rules = [{ when: "GET loadline_", reply: "-MOVED 1234 127.0.0.1:1\r\n" }];
    const { words, sentences } = await against(rules);
    expect(words["cache.read_back"]).toBe("failed false");
    expect(sentences["cache.read_back"]).toContain("127.0.0.1:1 refused the connection");
  });

  it("a server that is no sentinel leads nobody to a master", async () => {
    await using stub = await startRedisStub([], null);
    const cache = { kind: "redis", url: stub.url, topology: "sentinel" };
    const { words, sentences } = await runStackPlan({ timeoutMs: 10_000, services: { cache } });
    expect(words["cache.login"]).toBe("failed false");
    expect(sentences["cache.login"]).toContain("the server is no sentinel");
    expect(words["cache.read_back"]).toBe("not_tested baseline_broken");
  });

  it("a replica is not taken for a master with replicas", async () => {
    const rules = [{ when: "INFO", reply: "#role:slave;master_link_status:up" }];
    const { words, sentences } = await against(rules);
    expect(words["cache.replicas"]).toBe("failed false");
    expect(sentences["cache.replicas"]).toContain(
      "It is a slave itself; its link to its master is up",
    );
  });
});

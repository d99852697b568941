import { createServer } from "node:http";
import { createConnection } from "node:net";
import type { StackRule } from "../probe.ts";
import { listening } from "./listening.ts";
import { startRedisStub } from "./redis.ts";
import type { StackTwin } from "./twin.ts";

/** An API that answers its health, and keeps what it is sent in Redis, or forgets it. */
export async function startEdgeApi(redisPort: number, forgets: boolean) {
  const server = createServer((request, response) => {
    const isSent = request.method === "POST" && request.url === "/items";
    if (!isSent) {
      const isHealth = request.url === "/health" && request.method === "GET";
      response.writeHead(isHealth ? 200 : 404, { "content-type": "application/json" });
      response.end('{"status":"ok"}');
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const key = `item:${/"name":"([^"]+)"/.exec(text)?.[1] ?? ""}`;
      const answer = (status: number): void => void response.writeHead(status).end("{}");
      if (forgets) return answer(201);
      const socket = createConnection(redisPort, "127.0.0.1");
      socket.write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\n1\r\n`);
      socket.once("data", () => {
        socket.destroy();
        answer(201);
      });
      socket.once("error", () => answer(502));
    });
  });
  const door = await listening(server);
  return {
    url: `http://127.0.0.1:${door.port}`,
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

/** An API beside its cache and the edge between them; a rule `forget` lets it keep nothing there. */
export async function startEdgeTwin(rules: readonly StackRule[]): Promise<StackTwin> {
  const redis = await startRedisStub([], null);
  const forgets = rules.some(({ when }) => when === "forget");
  const api = await startEdgeApi(Number(new URL(redis.url).port), forgets);
  const send = { path: "/items", json: { name: "$MARK" } };
  return {
    service: { kind: "http", url: api.url },
    neighbours: { cache: { kind: "redis", url: redis.url } },
    stack: { edges: [{ from: "it", to: "cache", send, find: { key: "item:$MARK" } }] },
    secrets: {},
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { Redis } from "ioredis";
import pg from "pg";
import { openapi } from "./openapi.ts";

/** What a breakage may switch. */
export interface ApiFaults {
  corsForAll: boolean;
  wrongItems: boolean;
  traces: boolean;
  forgetsCache: boolean;
  plainText: boolean;
}

export interface Api {
  readonly url: string;
  readonly faults: ApiFaults;
  stop(): Promise<void>;
}

export const appOrigin = "https://app.example";

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const refusal = (status: number, code: string): Reply => ({ status, body: { error: { code } } });

interface Stores {
  readonly pool: pg.Pool;
  readonly redis: Redis;
  readonly faults: ApiFaults;
}

const say = (cause: unknown): void => console.error(`api: ${String(cause)}`);

async function items({ pool, faults }: Stores): Promise<Reply> {
  const { rows } = await pool.query("select id, name from items order by id limit 100");
  return { status: 200, body: faults.wrongItems ? { items: "none" } : { items: rows } };
}

async function add({ pool, redis, faults }: Stores, request: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : null;
  if (typeof name !== "string") return refusal(422, "name_missing");
  await pool.query("insert into items (name) values ($1)", [name]);
  // The cache may be away; the row is what counts.
  if (!faults.forgetsCache) await redis.set(`item:${name}`, "1", "EX", 60).catch(say);
  return { status: 201, body: { name } };
}

async function health({ pool }: Stores): Promise<Reply> {
  const isUp = await pool.query("select 1").then(
    () => true,
    () => false,
  );
  const body = { status: isUp ? "ok" : "down", database: isUp, version: openapi.info.version };
  return { status: isUp ? 200 : 503, body };
}

async function route(stores: Stores, request: IncomingMessage): Promise<Reply> {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const call = `${request.method} ${path}`;
  if (request.method === "OPTIONS") return { status: 204, body: null };
  if (call === "GET /health") return await health(stores);
  if (call === "GET /openapi.json") return { status: 200, body: openapi };
  if (call === "GET /items") return await items(stores);
  if (call === "POST /items") return await add(stores, request);
  if (["/health", "/items", "/openapi.json"].includes(path)) return refusal(405, "method");
  return stores.faults.traces
    ? { status: 404, body: { error: { code: 'File "app.py", line 3' } } }
    : refusal(404, "no_such_route");
}

function send(
  faults: ApiFaults,
  {
    request,
    response,
    reply,
  }: { request: IncomingMessage; response: ServerResponse; reply: Reply },
): void {
  const text = Buffer.from(reply.body === null ? "" : JSON.stringify(reply.body));
  const etag = `"${createHash("sha256").update(text).digest("hex").slice(0, 16)}"`;
  const origin = request.headers.origin;
  const isOurs = origin === appOrigin || (faults.corsForAll && origin !== undefined);
  if (isOurs && origin !== undefined) response.setHeader("access-control-allow-origin", origin);
  response.setHeader("etag", etag);
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304).end();
  const wantsGzip = (request.headers["accept-encoding"] ?? "").includes("gzip");
  const isGzip = wantsGzip && !faults.plainText && text.length > 0;
  if (isGzip) response.setHeader("content-encoding", "gzip");
  response.writeHead(reply.status, { "content-type": "application/json" });
  response.end(isGzip ? gzipSync(text) : text);
}

/** A small API over PostgreSQL and Redis, as an application of the stack would be. */
export async function startApi(o: {
  database: { port: number; password: string };
  cache: { port: number; password: string };
}): Promise<Api> {
  const host = "127.0.0.1";
  const pool = new pg.Pool({ ...o.database, host, user: "app", database: "quant", max: 4 });
  pool.on("error", say);
  const redis = new Redis({ ...o.cache, host, maxRetriesPerRequest: 0, lazyConnect: true });
  redis.on("error", say);
  const faults: ApiFaults = {
    corsForAll: false,
    wrongItems: false,
    traces: false,
    forgetsCache: false,
    plainText: false,
  };
  const stores = { pool, redis, faults };
  const server = createServer((request, response) => {
    route(stores, request)
      .catch((cause: unknown): Reply => {
        say(cause);
        return refusal(500, "internal");
      })
      .then((reply) => send(faults, { request, response, reply }))
      .catch((cause: unknown) => response.destroy(cause instanceof Error ? cause : undefined));
  });
  await redis.connect();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://${host}:${port}`,
    faults,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      redis.disconnect();
      await pool.end();
    },
  };
}

import { createServer, type Socket } from "node:net";
import { systemClock } from "@loadline/kit/clock";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../testkit/src/eventually.ts";
import { having, runStackPlan } from "./stack.fixture.ts";
import { listening } from "./stubs/listening.ts";
import { startWebStub } from "./stubs/web.ts";

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

interface Served {
  readonly port: number;
  readonly open: ReadonlySet<Socket>;
}

async function serving(
  serve: (socket: Socket, text: string, connection: number) => void,
): Promise<Served & AsyncDisposable> {
  const open = new Set<Socket>();
  let count = 0;
  const door = await listening(
    createServer((socket) => {
      const connection = count++;
      open.add(socket);
      socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
      socket.on("data", (chunk) => serve(socket, chunk.toString("latin1"), connection));
    }),
  );
  return { port: door.port, open, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() };
}

describe("a check leaves no connection behind", () => {
  it("of Redis that refuses a login it took before", async () => {
    let logins = 0;
    await using server = await serving((socket, text) => {
      if (text.includes("AUTH"))
        return void socket.write(logins++ === 0 ? "+OK\r\n" : "-ERR no\r\n");
      socket.write(text.includes("INFO") ? bulk("redis_version:7.0.0") : "-NOAUTH no\r\n");
    });
    const cache = { kind: "redis", url: `redis://127.0.0.1:${server.port}`, password: "${env:P}" };
    const result = await runStackPlan({ timeoutMs: 10_000, services: { cache } }, { P: "right" });
    expect(result.words["cache.login"]).toBe("passed");
    expect(result.sentences["cache.persistence"]).toContain("the login was refused");
    await eventually(systemClock(), () => server.open.size === 0, 10_000);
  });

  it("of a pool whose first session was cut while the others wait", async () => {
    const message = (type: string, body: Buffer): Buffer => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(body.length + 4);
      return Buffer.concat([Buffer.from(type), size, body]);
    };
    const ready = message("Z", Buffer.from("I"));
    const welcome = Buffer.concat([message("R", Buffer.alloc(4)), ready]);
    let isPool = false;
    let waiting = 0;
    await using server = await serving((socket, text) => {
      const isStart = text.includes("application_name");
      if (isPool && isStart) {
        // The first is cut, and nobody else is let in.
        if (waiting++ === 0) socket.destroy();
        return;
      }
      if (text.includes("pg_extension")) isPool = true;
      socket.write(
        isStart ? welcome : Buffer.concat([message("C", Buffer.from("SELECT 0\0")), ready]),
      );
    });
    const db = {
      kind: "postgres",
      url: `postgres://127.0.0.1:${server.port}/app`,
      user: "app",
      pool: { sessions: 5, waitMsMax: 500 },
    };
    const { words } = await runStackPlan({ timeoutMs: 3_000, services: { db } });
    expect(words["db.login"]).toBe("passed");
    expect(words["db.pool"]).not.toBe("passed");
    await eventually(systemClock(), () => server.open.size === 0, 10_000);
  });
});

describe("the command behind a service that is not there", () => {
  it.each([
    ["redis://127.0.0.9", "redis", "127.0.0.9:6379", {}],
    ["http://127.0.0.9", "prometheus", "127.0.0.9:80", {}],
    ["https://127.0.0.9", "prometheus", "127.0.0.9:443", {}],
    ["http://127.0.0.9:1", "prometheus", "127.0.0.9:1", {}],
    ["redis://[::1]:1", "redis", "[::1]:1", {}],
    ["postgres://127.0.0.9/app", "postgres", "127.0.0.9:5432", { user: "app" }],
    ["tls://127.0.0.9", "tls", "127.0.0.9:443", {}],
  ])("of %s asks the port it would be at", async (url, kind, at, more) => {
    const { evidence } = await runStackPlan({
      timeoutMs: 500,
      services: { it: { kind, url, ...more } },
    });
    expect(evidence).toContain(`telnet://${at}"`);
  });
});

describe("a service that answers nothing", () => {
  it("is asked twice at the most, and what was not asked is not tested", async () => {
    let asked = 0;
    await using server = await serving(() => void asked++);
    const url = `http://127.0.0.1:${server.port}`;
    const it_ = { kind: "http", url, compressed: "/a", cached: "/b" };
    const result = await runStackPlan({ timeoutMs: 200, services: { it: it_ } });
    expect(having(result, "passed")).toEqual([]);
    expect(result.words["it.answers"]).toBe("failed false");
    expect(asked).toBeLessThanOrEqual(2);
    await eventually(systemClock(), () => server.open.size === 0, 10_000);
  });

  it("that stops in the middle of a body is no answer", async () => {
    await using server = await serving((socket) => {
      socket.write(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
      );
    });
    const it_ = { kind: "prometheus", url: `http://127.0.0.1:${server.port}` };
    const { words } = await runStackPlan({ timeoutMs: 300, services: { it: it_ } });
    expect(words["it.answers"]).toBe("failed false");
  });

  it("that ends a body too early is no answer either", async () => {
    await using server = await serving((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"data":{"version":"3.0.0"}}');
    });
    const it_ = { kind: "prometheus", url: `http://127.0.0.1:${server.port}` };
    const { words } = await runStackPlan({ timeoutMs: 500, services: { it: it_ } });
    expect(words["it.answers"]).toBe("failed false");
  });

  it("that answers for ever is read up to a bound", async () => {
    await using server = await serving((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      const more = (): void => {
        if (socket.destroyed) return;
        if (socket.write(`10000\r\n${"x".repeat(65_536)}\r\n`)) setImmediate(more);
        else socket.once("drain", more);
      };
      more();
    });
    const it_ = { kind: "prometheus", url: `http://127.0.0.1:${server.port}` };
    const { words, sentences } = await runStackPlan({ timeoutMs: 30_000, services: { it: it_ } });
    expect(words["it.answers"]).toBe("failed false");
    expect(sentences["it.answers"]).toContain("sent a body over 8388608 bytes");
  });
});

describe("a service that is not required", () => {
  it("fails without ending the run as failed", async () => {
    await using stub = await startWebStub([], []);
    const spare = { kind: "prometheus", url: stub.url, required: false };
    const health = [{ when: "GET /health", answer: { reply: "{}" } }];
    await using api = await startWebStub([], health);
    const services = { spare, api: { kind: "http", url: api.url } };
    const { words } = await runStackPlan({ timeoutMs: 10_000, services });
    expect(words["spare.answers"]).toBe("failed false");
    expect(words["spare.targets"]).toBe("not_tested baseline_broken");
    expect(words["api.answers"]).toBe("passed");
  });
});

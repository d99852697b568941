import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, expect, it } from "vitest";
import { completion, endJson } from "../../test/answers.ts";
import { overUpstreams, type Running, runGateway, runUpstream } from "../../test/harness.ts";
import { TlsFolder } from "../../test/tls.ts";

/** More than the kernel's buffers on both ends hold. */
const largeBytes = 16 * 1024 * 1024;
const text = "y".repeat(largeBytes);
const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "x" }] });
const within = (holds: () => boolean): Promise<void> => eventually(systemClock(), holds, 60_000);

/** A client whose answer is written, and who has read nothing of it. */
class LateReader {
  readonly socket: Socket;
  size = 0;
  isClosed = false;

  constructor(g: Running, tls: TlsFolder | undefined) {
    const at = { port: Number(new URL(g.url).port), host: "127.0.0.1" };
    const ca = tls?.servers.cert;
    this.socket = tls ? connectTls({ ...at, servername: "localhost", ca }) : connect(at);
    this.socket.on("data", (chunk: Buffer) => void (this.size += chunk.length));
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => void (this.isClosed = true));
    this.socket.pause();
    this.socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${g.key}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  }
}

async function openLate(front: string, listener: string) {
  const tls = listener === "TLS" ? new TlsFolder() : undefined;
  const upstream = await runUpstream((response) => endJson(response, 200, completion(text)));
  const gateway = await runGateway({
    ...overUpstreams(upstream.baseUrl),
    http: { front },
    stream: { heldBytesMax: 2 * largeBytes },
    ...(tls && { tls: tls.section() }),
  });
  const reader = new LateReader(gateway, tls);
  // The exchange is over with the answer's last byte written.
  await within(() => gateway.logged().includes('"event":"request"'));
  return {
    gateway: gateway.gateway,
    url: gateway.url,
    reader,
    async [Symbol.asyncDispose]() {
      reader.socket.destroy();
      await gateway[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
      tls?.[Symbol.dispose]();
    },
  };
}

/** Whether new connections are turned away. */
function isShut(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
    socket.on("close", () => socket.destroy());
  });
}

const rows = ["http1", "node"].flatMap((front) => [
  [front, "plain"] as const,
  [front, "TLS"] as const,
]);

describe.each(rows)("a gateway that stops, front %s, listener %s", (front, listener) => {
  it("keeps a connection until its reader has taken what was written", async () => {
    await using late = await openLate(front, listener);
    const closing = late.gateway.close({ graceMs: 120_000 });
    await eventually(systemClock(), () => isShut(late.url), 20_000);
    late.reader.socket.resume();
    await closing;
    await within(() => late.reader.isClosed);
    expect(late.reader.size).toBeGreaterThan(largeBytes);
  });
});

describe.each(["http1", "node"])("a gateway that stops, front %s", (front) => {
  it("waits for a reader who takes nothing no longer than its grace", async () => {
    await using late = await openLate(front, "plain");
    await late.gateway.close({ graceMs: 300 });
    late.reader.socket.resume();
    await within(() => late.reader.isClosed);
    expect(late.reader.size).toBeLessThan(largeBytes);
  });
});

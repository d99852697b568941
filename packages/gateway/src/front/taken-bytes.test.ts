import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { systemClock } from "@loadline/kit/clock";
import { eventually, serveOnLoopback } from "@loadline/testkit";
import { expect, it } from "vitest";
import { createAuthority } from "../../../testkit/src/authority/index.ts";
import { takenBytesOf } from "./taken-bytes.ts";

/** Both are more than the buffers of both ends of a loopback connection hold, and so is their difference. */
const writtenBytes = 48 * 1024 * 1024;
const readBytes = 16 * 1024 * 1024;
const within = (holds: () => boolean): Promise<void> => eventually(systemClock(), holds, 60_000);

it.each(["plain", "TLS"])("what is taken of a write under way counts: %s", async (listener) => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const authority = createAuthority("servers");
  const { cert, key } = authority.issue({ purpose: "server" });
  const server =
    listener === "TLS" ? createTlsServer({ cert, key }, resolve) : createServer(resolve);
  await using serving = await serveOnLoopback(server);
  const at = { port: serving.port, host: "127.0.0.1" };
  const reader =
    listener === "TLS"
      ? connectTls({ ...at, servername: "localhost", ca: authority.cert })
      : connect(at);
  reader.on("error", () => reader.destroy());
  let size = 0;
  reader.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size >= readBytes) reader.pause();
  });
  const socket = await promise;
  socket.on("error", () => socket.destroy());
  socket.write(Buffer.alloc(writtenBytes));
  await within(() => size >= readBytes && takenBytesOf(socket) > readBytes / 2);
  expect(takenBytesOf(socket)).toBeLessThan(writtenBytes);
  expect(socket.bytesWritten - socket.writableLength).toBeLessThan(readBytes / 2);
  reader.destroy();
  await within(() => socket.destroyed);
  expect(takenBytesOf(socket)).toBeGreaterThanOrEqual(0);
});

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listenOnLoopback } from "@loadline/testkit";
import { expect, it } from "vitest";
import { exchange } from "./subject.ts";

it("a connection that is reset behind its answer counts as closed", async () => {
  let server: Socket | undefined;
  const listener = createServer((socket) => {
    server = socket;
    socket.on("error", () => socket.destroy());
    socket.write("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx");
  });
  const port = await listenOnLoopback(listener);
  const socket = connect(port, "127.0.0.1");
  let fault = "";
  socket.on("error", (cause) => void (fault = cause.message));
  // The reset comes when all of the answer is read.
  socket.once("data", () => void server?.resetAndDestroy());
  const answer = await exchange(socket, "x");
  expect([answer.status, answer.body, answer.isClosed]).toEqual([400, "x", true]);
  expect(fault).toContain("ECONNRESET");
  listener.close();
  await once(listener, "close");
});

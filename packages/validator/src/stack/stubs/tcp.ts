import { createServer, type Socket } from "node:net";
import { listening } from "./listening.ts";
import type { StackStub } from "./stub.ts";

/** A twin over TCP on loopback; its connections end with it. */
export async function startTcpStub(o: {
  readonly serve: (socket: Socket) => void;
  readonly url: (port: number) => string;
}): Promise<StackStub> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    o.serve(socket);
  });
  const door = await listening(server);
  return {
    url: o.url(door.port),
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  };
}

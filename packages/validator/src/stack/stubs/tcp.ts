import { createServer, type Socket } from "node:net";
import type { StackStub } from "./stub.ts";

/** A twin over TCP on loopback; its connections end with it. */
export async function startTcpStub(o: {
  readonly serve: (socket: Socket) => void;
  readonly url: (port: number) => string;
}): Promise<StackStub> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    o.serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: o.url(port),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

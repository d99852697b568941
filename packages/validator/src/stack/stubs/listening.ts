import type { Server, Socket } from "node:net";

/** A server on loopback; when it ends, so do its connections, upgraded ones too. */
interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Listens on this port of 127.0.0.1, 0: any free one. @throws what `listen` met, such as EADDRINUSE. */
export async function listening(server: Server, port = 0): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  server.removeAllListeners("error");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

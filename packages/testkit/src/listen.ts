import type { Server, Socket } from "node:net";

/** Listens on loopback, on a free port unless one is named, and resolves to the port; rejects when it cannot. */
export function listenOnLoopback(
  server: Server,
  o: { port?: number; backlog?: number } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: 0, ...o, host: "127.0.0.1" }, () => {
      server.off("error", reject);
      const address = server.address();
      if (typeof address === "object" && address) resolve(address.port);
      else reject(new Error("no port was bound"));
    });
  });
}

interface Serving extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
}

/** Listens on a free port of loopback; its end ends every connection, upgraded ones too. */
export async function serveOnLoopback(server: Server): Promise<Serving> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const port = await listenOnLoopback(server);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

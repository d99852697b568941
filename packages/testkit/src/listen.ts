import type { Server } from "node:net";

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

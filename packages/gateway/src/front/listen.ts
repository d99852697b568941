import type { AddressInfo, DropArgument, Server } from "node:net";
import { type Address, listenFault } from "./listen-fault.ts";

/**
 * Listens and resolves to the base URL. `onDrop` is told of each connection that is turned away,
 * because `maxConnections` are open.
 * @throws LL_SERVER_PORT_IN_USE, LL_SERVER_LISTEN, LL_SERVER_REUSE_PORT
 */
export function listenOn(
  server: Server,
  o: Address & {
    tls?: object | undefined;
    onDrop?: ((from?: DropArgument) => void) | undefined;
  },
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(listenFault(cause, o)));
    if (o.onDrop) server.on("drop", o.onDrop);
    // Else a supervisor that hands out connections offers it to full workers in turn, without end.
    Object.assign(server, { dropMaxConnection: true });
    server.listen({ host: o.host, port: o.port, reusePort: o.isShared }, () => {
      const address: AddressInfo | string | null = server.address();
      const port = typeof address === "object" && address ? address.port : o.port;
      const scheme = o.tls ? "https" : "http";
      resolve(`${scheme}://${o.host.includes(":") ? `[${o.host}]` : o.host}:${port}`);
    });
  });
}

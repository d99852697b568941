import type { AddressInfo, Server } from "node:net";
import { gatewayErrors } from "../errors.ts";

/**
 * Listens and resolves to the base URL.
 * @throws LL_SERVER_PORT_IN_USE, LL_SERVER_LISTEN
 */
export function listenOn(
  server: Server,
  o: { host: string; port: number; isShared: boolean; tls?: object | undefined },
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE";
      const code = isTaken ? "LL_SERVER_PORT_IN_USE" : "LL_SERVER_LISTEN";
      const what = isTaken ? "is in use" : `cannot be listened on (${cause.code ?? "?"})`;
      reject(gatewayErrors.make(code, `${o.host}:${o.port} ${what}.`, { cause }));
    });
    server.listen({ host: o.host, port: o.port, reusePort: o.isShared }, () => {
      const address: AddressInfo | string | null = server.address();
      const port = typeof address === "object" && address ? address.port : o.port;
      const scheme = o.tls ? "https" : "http";
      resolve(`${scheme}://${o.host.includes(":") ? `[${o.host}]` : o.host}:${port}`);
    });
  });
}

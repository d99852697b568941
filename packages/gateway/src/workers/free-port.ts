import { createServer } from "node:net";
import { listenOn } from "../front/listen.ts";

/**
 * Makes sure that nobody else listens on an address and, where each worker listens itself, that
 * several processes may; names its port. A port that is shared by workers could otherwise be shared with a stranger of the same user
 * as well.
 * @throws LL_SERVER_PORT_IN_USE, LL_SERVER_LISTEN, LL_SERVER_REUSE_PORT
 */
export async function claimPort(
  listen: { host: string; port: number },
  isRoundRobin: boolean,
): Promise<number> {
  const port = await listenOnce({ ...listen, isShared: false });
  return isRoundRobin ? port : listenOnce({ host: listen.host, port, isShared: true });
}

/** The port that was listened on. Not read as a URL: none names an IPv6 address with its zone. */
async function listenOnce(o: { host: string; port: number; isShared: boolean }): Promise<number> {
  const server = createServer();
  const url = await listenOn(server, o);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return Number(url.slice(url.lastIndexOf(":") + 1));
}

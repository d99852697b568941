import { createServer } from "node:net";
import { listenOn } from "../front/listen.ts";

/**
 * Makes sure that nobody else listens on an address, and names its port. A port that is shared by
 * workers could otherwise be shared with a stranger of the same user as well.
 * @throws LL_SERVER_PORT_IN_USE, LL_SERVER_LISTEN
 */
export async function claimPort(listen: { host: string; port: number }): Promise<number> {
  const server = createServer();
  const url = await listenOn(server, { ...listen, isShared: false });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return Number(new URL(url).port) || listen.port;
}

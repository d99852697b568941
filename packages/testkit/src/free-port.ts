import { createServer } from "node:net";
import { listenOnLoopback } from "./listen.ts";

/** A port of loopback that nobody listened on a moment ago; for programs that do not say theirs. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

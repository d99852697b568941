import { createServer } from "node:net";
import { systemRandom } from "@loadline/kit/random";
import { listenOnLoopback } from "./listen.ts";

/** Below the ports that Linux gives, as it comes, to whoever asks for any. */
const portMin = 12_000;
const portsCount = 20_000;
const triesMax = 50;

/**
 * A port of loopback that nobody listened on a moment ago and that the system gives away to nobody;
 * another test may draw the same one. For programs that do not say theirs, and for ports that are
 * closed for a while.
 */
export async function freePort(): Promise<number> {
  const random = systemRandom();
  for (let tried = 1; ; tried++) {
    const server = createServer();
    try {
      const port = await listenOnLoopback(server, { port: portMin + random.below(portsCount) });
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch (cause) {
      if (tried >= triesMax) throw cause;
    }
  }
}

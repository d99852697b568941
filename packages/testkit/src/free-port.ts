import { createServer } from "node:net";
import { systemRandom } from "@loadline/kit/random";
import { listenOnLoopback } from "./listen.ts";

/** Below the ports that Linux gives, as it comes, to whoever asks for any. */
const portMin = 12_000;
/** What runs beside a file of tests draws from another share. */
const sharesCount = 8;
const sharePorts = 2500;
const triesMax = 50;
/** By this process, which may leave one closed for a while. */
const given = new Set<number>();

/**
 * A port of loopback that nobody listened on a moment ago, that the system gives away to nobody and
 * no other test of this run draws. For programs that do not say theirs, and for ports that are closed
 * for a while.
 */
export async function freePort(): Promise<number> {
  const random = systemRandom();
  const share = Number(process.env["VITEST_POOL_ID"] ?? 0) % sharesCount;
  if (given.size > sharePorts / 2) given.clear();
  for (let tried = 1; ; tried++) {
    const port = portMin + share * sharePorts + random.below(sharePorts);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer();
    try {
      await listenOnLoopback(server, { port });
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch (cause) {
      if (tried >= triesMax) throw cause;
    }
  }
}

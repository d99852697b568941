import { openStream, streamTarget, type ByteStream } from "./byte-stream.ts";
import { WireFault } from "./fault.ts";

/** How many of the connections were answered, and what ended it. */
export interface Held {
  readonly answered: number;
  /** Empty when all were answered. */
  readonly why: string;
}

const headLinesMax = 200;

/** Reads the rest of a head; whether it ends the connection. */
async function isLast(stream: ByteStream): Promise<boolean> {
  for (let count = 0; count < headLinesMax; count++) {
    const line = await stream.readLine();
    if (line === "") return false;
    if (/^connection:\s*close\b/i.test(line)) return true;
  }
  throw new WireFault("protocol", `an answer has more than ${headLinesMax} headers`);
}

/**
 * Opens connections one after another, asks on each and holds it while the next is opened; stops at
 * the first that is not answered with HTTP. Every one is closed at the end.
 */
export async function heldConnections(
  url: string,
  count: number,
  signal: AbortSignal,
): Promise<Held> {
  const { host, pathname, search, protocol } = new URL(url);
  const isTls = protocol === "https:";
  const target = streamTarget(url, isTls ? 443 : 80, isTls);
  const held: ByteStream[] = [];
  try {
    while (held.length < count) {
      const stream = await openStream(target, signal);
      held.push(stream);
      stream.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\naccept: */*\r\n\r\n`);
      const line = await stream.readLine();
      // Whoever is told to come again was not served.
      if (!/^HTTP\/1\.[01] (?!429)[1-4]\d\d/.test(line)) {
        return { answered: held.length - 1, why: `one was answered with ${line.slice(0, 80)}` };
      }
      if (await isLast(stream)) {
        return { answered: held.length - 1, why: "one is closed behind its answer" };
      }
    }
    const closed = held.filter(({ isOpen }) => !isOpen).length;
    const why = closed === 0 ? "" : `${closed} were closed while others were opened`;
    return { answered: count - closed, why };
  } catch (error) {
    if (!(error instanceof WireFault) || held.length === 0) throw error;
    return { answered: Math.max(0, held.length - 1), why: error.message };
  } finally {
    for (const stream of held) stream[Symbol.dispose]();
  }
}

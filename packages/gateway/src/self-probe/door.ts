import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createEgress, hostOf } from "@loadline/kit/egress";

/** A way into the gateway's own front. */
export interface Door {
  /** A new socket, still connecting. */
  connect(): Socket;
  /** Value of the Host header. */
  readonly host: string;
  close(): void;
}

/** Ways to call the own front. */
export interface Doors {
  open(): Door | Promise<Door>;
  /** Beside the listening socket, for when others keep a call from it; absent: `open` is that. */
  readonly aside?: () => Promise<Door>;
}

/** Addresses that are listened on and cannot be connected to, and what is in their place. */
const loopbacks: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "[::1]" };

/**
 * The listening socket itself, encrypted where it is. The certificate is not judged: it names the
 * gateway as others know it, and what is sent is good for one request of this process alone.
 */
export function listeningDoor(baseUrl: string): Door {
  const url = new URL(baseUrl);
  const loopback = loopbacks[hostOf(url)];
  if (loopback !== undefined) url.hostname = loopback;
  const egress = createEgress({ allowHosts: [hostOf(url)], insecure: true });
  return { connect: () => egress.connect(url), host: url.host, close: () => undefined };
}

/**
 * A Unix socket in a folder of mode 0700, there while a probe runs; what connects is served by the
 * front like any other connection. For a port that other processes share, or that asks for a
 * certificate which this process has not got.
 */
export async function privateDoor(runDir: string, take: (socket: Socket) => void): Promise<Door> {
  const path = join(runDir, "self.sock");
  const server = createServer({ noDelay: true }, take);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // Its own, also where a supervisor listens for its workers.
    server.listen({ path, exclusive: true }, resolve);
  });
  return { connect: () => connect({ path }), host: "localhost", close: () => void server.close() };
}

import type { Socket } from "node:net";
import type { Clock } from "@loadline/kit/clock";
import { parseRequestHead } from "@loadline/kit/http1";
import { createWatch, type Watch } from "../../upstream/watch.ts";
import type { Http1Connection } from "./connection.ts";

/** What the own front is made of; a test replaces one of them to see that its absence is noticed. */
export interface Http1Parts {
  /** Reads a whole head of the plainest form, or leaves it to Node's server. */
  readonly parseHead: typeof parseRequestHead;
  /** Keeps the deadlines of all connections. */
  readonly watch: Watch<Http1Connection>;
  /** Stands between an accepted socket and its connection. */
  readonly socket: (socket: Socket) => Socket;
}

/** The parts as they serve. */
export function http1Parts(clock: Clock): Http1Parts {
  return {
    parseHead: parseRequestHead,
    watch: createWatch<Http1Connection>(clock),
    socket: (socket) => socket,
  };
}

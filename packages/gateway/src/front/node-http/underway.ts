import type { Socket } from "node:net";
import type { Exchange } from "../../pipeline/exchange.ts";
import type { NodeClient } from "./client.ts";

/** One request of a connection, with those before it that were not over when it came. */
interface Entry {
  readonly client: NodeClient;
  readonly x: Exchange;
  readonly earlier: Entry | undefined;
}

/**
 * Which requests each connection carries, so that one listener per connection, and none per
 * request, tells them that their client left.
 */
export class Underway {
  readonly #latest = new WeakMap<Socket, { entry: Entry | undefined }>();
  readonly #asked = new WeakMap<Socket, number>();

  /** One more request came; gives how many did on this connection, whatever became of them. */
  asked(socket: Socket): number {
    const count = (this.#asked.get(socket) ?? 0) + 1;
    this.#asked.set(socket, count);
    return count;
  }

  hasAsked(socket: Socket): boolean {
    return this.#asked.has(socket);
  }

  /** Whether an answer on this connection is not written to its end. */
  isBusy(socket: Socket): boolean {
    for (let entry = this.#latest.get(socket)?.entry; entry; entry = entry.earlier)
      if (!entry.client.isAnswered) return true;
    return false;
  }

  /** Remembers a request until its connection closes or a later one finds it over. */
  add(socket: Socket, client: NodeClient, x: Exchange): void {
    let held = this.#latest.get(socket);
    if (held === undefined) {
      held = this.#watch(socket);
      // The connection went before its request came here.
      if (socket.destroyed) leave({ client, x, earlier: undefined });
    }
    const before = held.entry;
    held.entry = {
      client,
      x,
      earlier: before === undefined || before.x.isOver ? undefined : before,
    };
  }

  /**
   * For a connection on which no further byte can be read: whether a whole request still waits for
   * its answer there. Then that answer is the last, and nothing else may stand in its place.
   */
  endsAfterwards(socket: Socket): boolean {
    const entry = this.#latest.get(socket)?.entry;
    if (entry === undefined || entry.x.isOver) return false;
    if (!entry.client.hasBody) entry.client.closeAfter();
    // Its own body is broken, and so would be the place of its refusal behind earlier answers.
    else if (entry.earlier !== undefined && !entry.earlier.x.isOver) socket.destroy();
    else return false;
    return true;
  }

  #watch(socket: Socket): { entry: Entry | undefined } {
    const held: { entry: Entry | undefined } = { entry: undefined };
    this.#latest.set(socket, held);
    socket.on("close", () => {
      for (let entry = held.entry; entry; entry = entry.earlier) leave(entry);
      held.entry = undefined;
    });
    return held;
  }
}

function leave(entry: Entry): void {
  entry.client.gone();
  entry.x.cancel?.("client_left");
}

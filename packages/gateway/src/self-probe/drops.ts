import type { DropArgument, Socket } from "node:net";
import type { Door } from "./door.ts";

const mapped = "::ffff:";

/** Which of the connections that the listening socket turned away during one call is the call's own. */
export class OwnDrops {
  /** Address of the last one from each port: at most 65,536. */
  readonly #from = new Map<number, string>();
  #port = 0;
  #address = "";

  /** The door of the call, looked at. */
  watch(door: Door): Door {
    const connect = (): Socket => {
      const socket = door.connect();
      // What turns it away accepts it first.
      socket.once("connect", () => {
        this.#port = socket.localPort ?? 0;
        this.#address = plain(socket.localAddress);
      });
      return socket;
    };
    return { ...door, connect };
  }

  add(from: DropArgument | undefined): void {
    if (from?.remotePort !== undefined) this.#from.set(from.remotePort, plain(from.remoteAddress));
  }

  get hasOwn(): boolean {
    return this.#port !== 0 && this.#from.get(this.#port) === this.#address;
  }
}

/** An IPv4 address as it is also where the listener has both families. */
function plain(address = ""): string {
  return address.startsWith(mapped) ? address.slice(mapped.length) : address;
}

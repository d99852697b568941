import type { Socket } from "node:net";

/** The most that one read takes. */
const readBytesMax = 65_536;

/** How a front reads its sockets, without the stream's own bookkeeping. */
export interface Reads {
  /**
   * Gives what the socket reads to `onRead`. While the stream does not flow, or holds something, a
   * read goes its usual way, so pausing, order and the end are the stream's. A Node that lets nobody
   * take its reads emits `data` as ever: listen to that, too.
   */
  take(socket: Socket, onRead: (chunk: Buffer) => void): void;
  /** The socket reads as it was made. */
  giveBack(socket: Socket): void;
}

/**
 * Reads of one thread. Node makes 64 KiB of memory for each read of an accepted socket and shrinks it
 * to what came; for clients it has the option `onread`, one buffer for all of them. Accepted sockets
 * in the clear get that buffer here by the same way, which has no public door: where Node looks
 * otherwise, and for encrypted ones, the reads are taken where Node hands them over, at `push`.
 */
export function createReads(): Reads {
  const shared = Buffer.allocUnsafeSlow(readBytesMax);
  return {
    take(socket, onRead) {
      const usual = socket.push;
      const give = (chunk: Buffer): boolean => {
        if (socket.readableFlowing !== true || socket.readableLength > 0)
          return usual.call(socket, chunk);
        onRead(chunk);
        return true;
      };
      if (!readInto(socket, shared, give))
        socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean =>
          chunk === null ? usual.call(socket, chunk, encoding) : give(chunk);
    },
    giveBack(socket) {
      Reflect.deleteProperty(socket, "push");
      readInto(socket, shared, (chunk) => socket.push(chunk));
    },
  };
}

/** Reads into `shared` and gives copies; false, and nothing is changed, where that is not possible. */
function readInto(socket: Socket, shared: Buffer, give: (chunk: Buffer) => boolean): boolean {
  if ("encrypted" in socket) return false;
  const symbols = Object.getOwnPropertySymbols(socket);
  const buffer = symbols.find(({ description }) => description === "kBuffer");
  const callback = symbols.find(({ description }) => description === "kBufferCb");
  if (buffer === undefined || callback === undefined) return false;
  if (Reflect.get(socket, buffer) !== shared) {
    const handle: unknown = Reflect.get(socket, "_handle");
    if (typeof handle !== "object" || handle === null) return false;
    const use: unknown = Reflect.get(handle, "useUserBuffer");
    if (typeof use !== "function") return false;
    Reflect.apply(use, handle, [shared]);
    Reflect.set(socket, buffer, shared);
  }
  Reflect.set(socket, callback, (length: number): boolean => {
    const chunk = Buffer.allocUnsafe(length);
    shared.copy(chunk, 0, 0, length);
    return give(chunk);
  });
  return true;
}

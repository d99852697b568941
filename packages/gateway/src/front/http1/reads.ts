import type { Socket } from "node:net";

/**
 * Gives what a socket reads to `onRead` without the stream's own bookkeeping, a tick of the queue
 * among it: Node hands every read to `push`. While the stream does not flow, or holds something, a
 * read goes its usual way, so pausing, order and the end are the stream's. A Node that no longer
 * calls `push` emits `data` as ever: listen to that, too.
 */
export function takeReads(socket: Socket, onRead: (chunk: Buffer) => void): void {
  const usual = socket.push;
  socket.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    const isUsual = chunk === null || socket.readableFlowing !== true || socket.readableLength > 0;
    if (isUsual) return usual.call(socket, chunk, encoding);
    onRead(chunk);
    return true;
  };
}

/** The socket reads as it was made. */
export function giveReadsBack(socket: Socket): void {
  Reflect.deleteProperty(socket, "push");
}

import type { Socket } from "node:net";

/**
 * Bytes of a connection that its operating system took, encrypted ones where it is. Node joins what
 * waits into one write, and of a write under way its handle alone tells how much was taken; without
 * one, whole writes count.
 */
export function takenBytesOf(socket: Socket): number {
  const own = memberOf(socket, "_handle");
  // That of an encrypted connection hands all of a write on to the one below at once.
  const handle = memberOf(own, "_parent") ?? own;
  const given = memberOf(handle, "bytesWritten");
  const waiting = memberOf(handle, "writeQueueSize");
  if (typeof given === "number" && typeof waiting === "number") return given - waiting;
  return socket.bytesWritten - socket.writableLength;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

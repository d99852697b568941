import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock, Timer } from "@loadline/kit/clock";
import type { SentHow } from "../../pipeline/exchange.ts";

/** How long a reader may take nothing of an answer. */
const stallMs = 60_000;
const lookMs = 5000;

/** Says once how an answer ended; a reader who takes nothing of it for 60 s is cut off. */
export function watchReader(
  response: ServerResponse,
  clock: Clock,
  run: (how: SentHow) => void,
): void {
  if (response.closed) return run(response.writableFinished ? "sent" : "left");
  let isStalled = false;
  let taken = takenOf(response.socket);
  let movedMs = clock.monotonicMs();
  const look = (): void => {
    const now = takenOf(response.socket);
    if (now !== taken) movedMs = clock.monotonicMs();
    taken = now;
    if (clock.monotonicMs() - movedMs < stallMs) {
      timer = clock.after(lookMs, look, { unref: true });
      return;
    }
    isStalled = true;
    response.destroy();
  };
  let timer: Timer = clock.after(lookMs, look, { unref: true });
  response.once("close", () => {
    timer.cancel();
    run(response.writableFinished ? "sent" : isStalled ? "stalled" : "left");
  });
}

/** Bytes of a connection that its operating system took, -1 without one. */
function takenOf(socket: Socket | null): number {
  return socket ? socket.bytesWritten - socket.writableLength : -1;
}

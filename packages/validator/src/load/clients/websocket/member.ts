import type { Timer } from "@loadline/kit/clock";
import type { Flight, LoadOutcome } from "../../engine/flight.ts";
import type { OpeningEnd } from "./link.ts";
import type { WsSocket } from "./ws-socket.ts";

/** A request on a socket, waiting for its acknowledgement or echo. */
export interface Pending {
  readonly flight: Flight;
  readonly isEcho: boolean;
  readonly timer: Timer;
  readonly done: (outcome: LoadOutcome) => void;
}

/** One socket and its place in a room. */
export class Member {
  readonly index: number;
  readonly room: string;
  socket: WsSocket | null = null;
  isIn = false;
  /** Of the connection being opened, else null. */
  opening: { readonly flight: Flight; timer: Timer | null } | null = null;
  /** Monotonic ms of its socket's opening; NaN while there is none. */
  openMs = Number.NaN;
  /** Monotonic ms of asking to join. */
  askedMs = 0;
  seq = 0;
  /** Told once it is in, or why not. */
  readonly waiting: OpeningEnd[] = [];
  /** By the id of the message. */
  readonly pending = new Map<string, Pending>();

  constructor(index: number, room: string) {
    this.index = index;
    this.room = room;
  }
}

import type { ExecContext } from "../../engine/exec.ts";
import { asideStep, type Flight, type LoadOutcome } from "../../engine/flight.ts";
import type { Answer, At } from "../asked.ts";
import { Link, type WantedMessage } from "./link.ts";

/** Longest wait for a message unless the step says, ms. */
export const withinMsDefault = 30_000;
/** Sockets of one worker; a further one is `dropped`. */
const linksMax = 20_000;

/** Which socket: one per virtual user and path. */
export interface LinkPlace {
  readonly vu: number;
  readonly path: string;
  /** Of the opening request, flat. */
  readonly headers?: readonly string[];
}

/** How a call on a free socket ended, with the message it waited for. */
export interface LinkAnswer extends Answer {
  readonly text: string | null;
}

type Done = (answer: LinkAnswer) => void;

/**
 * Free WebSockets: any path, any text. Opening, sending, asking and receiving are due requests; a
 * socket stays with its virtual user until it is closed by either side.
 */
export class Links {
  readonly #context: ExecContext;
  readonly #byPlace = new Map<string, Link>();

  constructor(context: ExecContext) {
    this.#context = context;
  }

  /** Opens the socket, if it is not there; its opening is due at `at`. */
  connect(place: LinkPlace, at: At, done: Done): void {
    const known = this.#byPlace.get(keyOf(place));
    if (known !== undefined) {
      // It may be opening still, for another call: this one ends as that does.
      this.#due(at, done, (flight, end) =>
        known.whenOpen((outcome, timeoutMs) => {
          if (flight.ended) return;
          flight.timeoutMs = timeoutMs;
          end(outcome, null);
        }),
      );
      return;
    }
    const flight = this.#begin(at);
    const link = this.#open(place, flight);
    if (link === null) {
      this.#context.finish(flight, "dropped");
      done({ outcome: "dropped", flight, text: null });
      return;
    }
    link.whenOpen((outcome) => done({ outcome, flight, text: null }));
  }

  /** Sends a text; done as soon as it is written. */
  send(place: LinkPlace, at: At, text: string, done: Done): void {
    this.#onLink(place, at, done, (link, flight, end) => {
      const isSent = link.send(text);
      flight.doneMs = this.#context.clock.monotonicMs();
      end(isSent ? "ok" : "reset", null);
    });
  }

  /** Sends a text and waits for the message that answers it: a round trip. */
  ask(place: LinkPlace, at: At, o: WantedMessage & { readonly text: string }, done: Done): void {
    const { clock, metric } = this.#context;
    this.#onLink(place, at, done, (link, flight, end) => {
      flight.sendMs = clock.monotonicMs();
      link.wait(o, flight, (outcome, text) => {
        if (outcome === "ok") metric("ws_rtt", flight.doneMs - flight.sendMs);
        end(outcome, text);
      });
      link.send(o.text);
    });
  }

  /** Pings and waits for the pong: the time of the way there and back, `ws_ping`. */
  ping(place: LinkPlace, at: At, withinMs: number, done: Done): void {
    const { clock, metric } = this.#context;
    this.#onLink(place, at, done, (link, flight, end) => {
      flight.sendMs = clock.monotonicMs();
      link.ping(withinMs, flight, (outcome) => {
        if (outcome === "ok") metric("ws_ping", flight.doneMs - flight.sendMs);
        end(outcome, null);
      });
    });
  }

  /** Waits for a message, or takes one that came before. */
  receive(place: LinkPlace, at: At, wanted: WantedMessage, done: Done): void {
    this.#onLink(place, at, done, (link, flight, end) => link.wait(wanted, flight, end));
  }

  /** Closes the socket; done also when there is none. */
  leave(place: LinkPlace, at: At, done: Done): void {
    this.#due(at, done, (flight, end) => {
      this.#byPlace.get(keyOf(place))?.close();
      flight.doneMs = this.#context.clock.monotonicMs();
      end("ok", null);
    });
  }

  /** Closes every socket. */
  async close(): Promise<void> {
    for (const link of this.#byPlace.values()) link.close();
    await Promise.resolve();
  }

  #begin(at: At): Flight {
    const flight = this.#context.begin(at.step, at.index, at.intendedMs);
    if (!Number.isNaN(at.wakeMs)) flight.wakeMs = at.wakeMs;
    return flight;
  }

  #due(
    at: At,
    done: Done,
    act: (flight: Flight, end: (outcome: LoadOutcome, text: string | null) => void) => void,
  ): void {
    const flight = this.#begin(at);
    act(flight, (outcome, text) => {
      // A socket that answers nothing has no status but that of its opening.
      if (outcome === "ok") flight.status = 101;
      if (Number.isNaN(flight.doneMs)) flight.doneMs = this.#context.clock.monotonicMs();
      this.#context.finish(flight, outcome);
      done({ outcome, flight, text });
    });
  }

  /** On the socket of the place, opened on the scenario's own account when it is not there. */
  #onLink(
    place: LinkPlace,
    at: At,
    done: Done,
    act: (
      link: Link,
      flight: Flight,
      end: (outcome: LoadOutcome, text: string | null) => void,
    ) => void,
  ): void {
    this.#due(at, done, (flight, end) => {
      const known = this.#byPlace.get(keyOf(place));
      const link = known ?? this.#open(place, this.#context.begin(asideStep, at.index, Number.NaN));
      if (link === null) {
        end("dropped", null);
        return;
      }
      link.whenOpen((outcome, timeoutMs) => {
        // The run ended it meanwhile.
        if (flight.ended) return;
        flight.timeoutMs = timeoutMs;
        if (outcome !== "ok") end(outcome, null);
        else act(link, flight, end);
      });
    });
  }

  /** Null: there are too many. Its flight is left to the caller then. */
  #open(place: LinkPlace, opening: Flight): Link | null {
    if (this.#byPlace.size >= linksMax) {
      if (opening.step === asideStep) this.#context.finish(opening, "dropped");
      return null;
    }
    const key = keyOf(place);
    const link = new Link(this.#context, {
      path: place.path,
      headers: place.headers ?? [],
      opening,
      gone: (one) => {
        if (this.#byPlace.get(key) === one) this.#byPlace.delete(key);
      },
    });
    this.#byPlace.set(key, link);
    return link;
  }
}

const keyOf = ({ vu, path }: LinkPlace): string => `${vu} ${path}`;

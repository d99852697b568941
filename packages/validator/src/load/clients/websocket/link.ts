import type { Timer } from "@loadline/kit/clock";
import type { ExecContext } from "../../engine/exec.ts";
import { type Flight, type LoadOutcome, timedOut } from "../../engine/flight.ts";
import { withOwn } from "../../engine/target-base.ts";
import { WsSocket } from "./ws-socket.ts";

/** Messages that came and nobody asked for yet; older ones are let go. */
const unreadMax = 256;
/** Waits at once on one socket. */
const waitsMax = 64;

/** What a wait is for: the next message that fits, and how long it is waited for. */
export interface WantedMessage {
  readonly fits: (text: string) => boolean;
  readonly withinMs: number;
  /** Only what comes from now on. */
  readonly isFresh: boolean;
}

/** How an opening ended; `timeoutMs` is the timeout that ended it, else NaN. */
export type OpeningEnd = (outcome: LoadOutcome, timeoutMs: number) => void;

/** How a wait ended; `text` is null without a message. */
export type MessageEnd = (outcome: LoadOutcome, text: string | null) => void;

interface Wait {
  /** A message, or the pong that carries this text. */
  readonly wanted: WantedMessage | { readonly pong: string };
  readonly flight: Flight;
  readonly timer: Timer;
  readonly ended: MessageEnd;
}

const isText = (wanted: Wait["wanted"]): wanted is WantedMessage => "fits" in wanted;

/** One free socket of one virtual user: any server, any text. */
export class Link {
  readonly #context: ExecContext;
  readonly #gone: (link: Link) => void;
  readonly #socket: WsSocket;
  readonly #opening: Flight;
  readonly #waits: Wait[] = [];
  #unread: string[] = [];
  #opened: OpeningEnd[] = [];
  #openMs = Number.NaN;
  #pings = 0;
  #isOver = false;

  /** Opens at once; `opening` is its due request, `gone` is told once. */
  constructor(
    context: ExecContext,
    o: {
      readonly path: string;
      readonly headers: readonly string[];
      readonly opening: Flight;
      readonly gone: (link: Link) => void;
    },
  ) {
    this.#context = context;
    this.#gone = o.gone;
    this.#opening = o.opening;
    const { plan, base, clock, random } = context;
    this.#socket = new WsSocket(
      {
        url: new URL(plan.target.baseUrl),
        insecure: plan.target.insecure === true,
        path: `${base.path}${o.path}`,
        headers: withOwn(base.headers, o.headers),
        clock,
        random,
        timeouts: plan.timeouts,
      },
      {
        open: () => this.#isOpen(),
        text: (payload, nowMs) => this.#message(payload.toString("utf8"), nowMs),
        pong: (payload, nowMs) => this.#pong(payload.toString("utf8"), nowMs),
        closed: (outcome, timeoutMs) => {
          this.#opening.timeoutMs = timeoutMs;
          this.#end(outcome);
        },
      },
    );
  }

  /** Told how the opening ended, at once when it has. */
  whenOpen(opened: OpeningEnd): void {
    if (Number.isNaN(this.#openMs)) this.#opened.push(opened);
    else opened("ok", Number.NaN);
  }

  /** Sends a text; false when the connection is gone. */
  send(text: string): boolean {
    const isSent = this.#socket.send(text);
    if (isSent) this.#context.metric("ws_msgs_sent", 1);
    return isSent;
  }

  /** Waits for a message; `ended` is called once, also when the connection goes. */
  wait(wanted: WantedMessage, flight: Flight, ended: MessageEnd): void {
    const at = wanted.isFresh ? -1 : this.#unread.findIndex((text) => wanted.fits(text));
    if (at !== -1) {
      const [text = ""] = this.#unread.splice(at, 1);
      this.#answered(flight, this.#context.clock.monotonicMs());
      ended("ok", text);
      return;
    }
    this.#await(wanted, wanted.withinMs, { flight, ended });
  }

  /** Pings, and waits for the pong with its text; `ended` is called once. */
  ping(withinMs: number, flight: Flight, ended: MessageEnd): void {
    const pong = String(++this.#pings);
    if (this.#await({ pong }, withinMs, { flight, ended })) this.#socket.ping(Buffer.from(pong));
  }

  /** False where nothing is waited for: `ended` was called. */
  #await(
    wanted: Wait["wanted"],
    withinMs: number,
    { flight, ended }: Pick<Wait, "flight" | "ended">,
  ): boolean {
    if (this.#isOver || this.#waits.length >= waitsMax) {
      ended(this.#isOver ? "reset" : "dropped", null);
      return false;
    }
    const timer = this.#context.clock.after(withinMs, () => {
      this.#waits.splice(this.#waits.indexOf(wait), 1);
      ended(timedOut(flight, "timeout_first_byte", withinMs), null);
    });
    const wait: Wait = { wanted, flight, timer, ended };
    this.#waits.push(wait);
    return true;
  }

  /** Says goodbye; whoever waits is told `cancelled`. */
  close(): void {
    this.#socket.close();
    this.#end("cancelled");
  }

  #isOpen(): void {
    const { clock, metric, finish } = this.#context;
    const flight = this.#opening;
    this.#openMs = clock.monotonicMs();
    this.#answered(flight, this.#openMs);
    metric("ws_connecting", this.#openMs - flight.sendMs);
    metric("ws_sessions", 1);
    finish(flight, "ok");
    for (const tell of this.#opened.splice(0)) tell("ok", Number.NaN);
  }

  /** 101 is the one status a socket has. */
  #answered(flight: Flight, nowMs: number): void {
    flight.status = 101;
    flight.firstByteMs = nowMs;
    flight.doneMs = nowMs;
  }

  #message(text: string, nowMs: number): void {
    this.#context.metric("ws_msgs_received", 1);
    const at = this.#waits.findIndex(({ wanted }) => isText(wanted) && wanted.fits(text));
    if (at !== -1) {
      this.#over(at, text, nowMs);
      return;
    }
    this.#unread.push(text);
    if (this.#unread.length > unreadMax) this.#unread.shift();
  }

  /** One that nobody asked for is none of ours. */
  #pong(text: string, nowMs: number): void {
    const at = this.#waits.findIndex(({ wanted }) => !isText(wanted) && wanted.pong === text);
    if (at !== -1) this.#over(at, null, nowMs);
  }

  #over(at: number, text: string | null, nowMs: number): void {
    const [wait] = this.#waits.splice(at, 1);
    if (wait === undefined) return;
    wait.timer.cancel();
    this.#answered(wait.flight, nowMs);
    wait.ended("ok", text);
  }

  #end(outcome: LoadOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { clock, metric, finish } = this.#context;
    if (Number.isNaN(this.#openMs)) finish(this.#opening, outcome);
    else metric("ws_session_duration", clock.monotonicMs() - this.#openMs);
    this.#gone(this);
    for (const tell of this.#opened.splice(0)) tell(outcome, this.#opening.timeoutMs);
    for (const { timer, ended } of this.#waits.splice(0)) {
      timer.cancel();
      ended(outcome, null);
    }
  }
}

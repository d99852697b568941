import type { AnswerReader, LoadClient } from "../../clients/client.ts";
import type { Ask } from "../../engine/exec.ts";
import type { Flight, LoadOutcome } from "../../engine/flight.ts";
import { Answer, type Requirement } from "../answer.ts";
import type { Reply, Timings } from "../api.ts";
import { timingsOf } from "../timings.ts";

/** What is sent, written already. */
export interface Written {
  readonly method: string;
  readonly bytes: Buffer;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

/** What the engine calls at the end of a flight: one function for all, the call is its client. */
function answered(flight: Flight, outcome: LoadOutcome): void {
  if (flight.client instanceof Call) flight.client.settle(flight, outcome);
}

/**
 * One request of a module: what is asked, what writes and reads it, and the reply it resolves with
 * are one object, so that an awaited request costs a flight, this and its promise.
 */
export class Call extends Answer implements Ask, LoadClient, Reply {
  readonly step: number;
  readonly index: number;
  intendedMs = Number.NaN;
  wakeMs = Number.NaN;
  readonly client: LoadClient = this;
  readonly answered = answered;
  readonly method: string;
  readonly firstByteMs: number;
  readonly totalMs: number;
  #bytes: Buffer | null;
  #resolve: ((reply: this) => void) | null = null;
  /** Told of its end before whoever awaits it. */
  owner: { answered(call: Call): void } | null = null;

  constructor(
    written: Written,
    at: { readonly step: number; readonly index: number },
    reader: AnswerReader,
    o: { readonly keep: boolean; readonly requirement: Requirement | null },
  ) {
    super(reader, o.keep, o.requirement);
    this.#bytes = written.bytes;
    this.method = written.method;
    this.firstByteMs = written.firstByteMs;
    this.totalMs = written.totalMs;
    this.step = at.step;
    this.index = at.index;
  }

  get ok(): boolean {
    return this.outcome === "ok";
  }

  get timings(): Timings {
    return this.flight === null ? noTimings : timingsOf(this.flight);
  }

  bytes(): Buffer {
    return this.#bytes ?? nothing;
  }

  reader(): AnswerReader {
    return this;
  }

  /** The promise of the reply; asked for once, before it is sent. */
  reply(): Promise<this> {
    return new Promise((resolve) => void (this.#resolve = resolve));
  }

  settle(flight: Flight, outcome: LoadOutcome): void {
    this.ended(flight, outcome);
    this.#bytes = null;
    this.owner?.answered(this);
    this.#resolve?.(this);
  }
}

const nothing = Buffer.alloc(0);
const noTimings: Timings = {
  responseMs: Number.NaN,
  serviceMs: Number.NaN,
  waitMs: Number.NaN,
  firstByteMs: Number.NaN,
  ttftMs: Number.NaN,
};

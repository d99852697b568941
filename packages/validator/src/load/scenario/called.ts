import type { Flight, LoadOutcome } from "../engine/flight.ts";
import type { AnswerView } from "./answer.ts";
import { timingsOf } from "./timings.ts";
import type { Reply, Timings } from "./api.ts";

/** The answer of a call of a service, as checks and scripts see it: its result is its body. */
export class Called implements AnswerView, Reply {
  readonly outcome: LoadOutcome;
  readonly #flight: Flight;
  readonly #result: unknown;
  #text: string | null = null;

  constructor(outcome: LoadOutcome, flight: Flight, result: unknown) {
    this.outcome = outcome;
    this.#flight = flight;
    this.#result = result;
  }

  get ok(): boolean {
    return this.outcome === "ok";
  }

  get status(): number {
    return this.#flight.status;
  }

  get timings(): Timings {
    return timingsOf(this.#flight);
  }

  get serviceMs(): number {
    return this.#flight.doneMs - this.#flight.sendMs;
  }

  get bodyBytes(): number {
    return Buffer.byteLength(this.text());
  }

  get tokens(): number {
    return -1;
  }

  header(): string {
    return "";
  }

  text(): string {
    this.#text ??= this.#result === null ? "" : JSON.stringify(this.#result);
    return this.#text;
  }

  json(): unknown {
    return this.#result ?? undefined;
  }
}

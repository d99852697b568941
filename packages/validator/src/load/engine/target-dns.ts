import { lookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Clock } from "@loadline/kit/clock";

/** How names become addresses: the machine's own way, or a test's. */
export type Resolve = (
  hostname: string,
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/** Addresses are asked for again after this: a target that moves is followed, no socket waits for it. */
const keepMs = 60_000;

const byMachine: Resolve = (hostname, done) => lookup(hostname, { all: true }, done);

/** The addresses of the one target, asked for at the first connection and every 60 s after. */
export class TargetDns {
  readonly #clock: Clock;
  readonly #resolve: Resolve;
  #found: LookupAddress[] = [];
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, resolve: Resolve = byMachine) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  /** Given to each socket; a failure is not kept. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    const answer = (): void => {
      const [first] = this.#found;
      if (options.all === true) callback(null, this.#found);
      else callback(null, first?.address ?? "", first?.family ?? 4);
    };
    if (this.#clock.monotonicMs() - this.#atMs < keepMs) {
      // A socket that asks is still being made: it is answered in a turn of its own.
      queueMicrotask(answer);
      return;
    }
    this.#resolve(hostname, (error, found) => {
      if (error !== null) {
        callback(error, "", 0);
        return;
      }
      this.#found = found;
      this.#atMs = this.#clock.monotonicMs();
      answer();
    });
  };
}

import { openAnswer } from "../../../packages/validator/src/load/clients/answer.fixture.ts";
import type { AnswerReader } from "../../../packages/validator/src/load/clients/client.ts";
import { createFlight, type Flight } from "../../../packages/validator/src/load/engine/flight.ts";
import type { Expected } from "./corpus.ts";
import type { Wire } from "./transport.ts";

export interface Played {
  readonly outcome: string;
  readonly flight: Flight;
  /** Every gap between content events, in ms. */
  readonly gaps: readonly number[];
}

/** Makes the reader under trial; `gap` wants every gap it sees. */
export type MakeReader = (gap: (flight: Flight, gapMs: number) => void) => AnswerReader;

/** Plays reads into a reader as a connection would: read i comes at i ms, sent at -1, due at -5. */
export function play(wire: Wire, make: MakeReader): Played {
  const gaps: number[] = [];
  const reader = make((_flight, gapMs) => void gaps.push(gapMs));
  const flight = createFlight(0, 0, -5);
  flight.sendMs = -1;
  const answer = openAnswer(reader, flight);
  const shared = Buffer.alloc(200_000);
  for (const [at, read] of wire.reads.entries()) {
    if (Number.isNaN(flight.firstByteMs)) flight.firstByteMs = at;
    // One buffer for all reads, as the engine has it.
    shared.fill(0x21, 0, read.length);
    read.copy(shared);
    answer.feed(shared.subarray(0, read.length), at);
  }
  if (wire.closes) answer.close();
  return { outcome: answer.outcome, flight, gaps };
}

/** What was found, in the words of the corpus. */
export function foundIn({ outcome, flight }: Played): Expected {
  const stamp = (ms: number): number | null => (Number.isNaN(ms) ? null : ms);
  return {
    outcome,
    first: stamp(flight.firstContentMs),
    firstOutput: stamp(flight.firstOutputMs),
    last: stamp(flight.lastContentMs),
    done: outcome === "ok" ? stamp(flight.doneMs) : null,
    events: flight.contentEvents,
    eventsPerReadMax: flight.eventsPerReadMax,
    tokens: flight.tokens === -1 ? null : flight.tokens,
  };
}

import type { Random } from "@loadline/kit/random";
import { createFrontReader, createNodeReader, type FrontKnockOut, type Read } from "./readers.ts";
import { cut, makeStream } from "./streams.ts";

/** What one run of the differential fuzz saw. */
export interface Tally {
  inputs: number;
  /** Requests that the own front accepted. */
  accepted: number;
  /** Inputs of which the own front gave a part, or all, to llhttp: there they cannot disagree. */
  handed: number;
  /** Inputs of which the own front accepted something that llhttp refuses or reads otherwise. */
  dangerous: number;
  /** The first of them, with what is wrong; at most `examplesMax`. */
  readonly examples: string[];
}

const batchSize = 200;
const examplesMax = 5;

/**
 * Reads random connections with the own front and with llhttp until `isOver` says so. Dangerous is
 * one direction alone: what the own front does not accept it gives to llhttp.
 */
export async function differ(
  random: Random,
  isOver: (tally: Tally) => boolean,
  o: FrontKnockOut = {},
): Promise<Tally> {
  const pair = createPair(o);
  const tally: Tally = { inputs: 0, accepted: 0, handed: 0, dangerous: 0, examples: [] };
  while (!isOver(tally)) {
    const batch = [];
    for (let i = 0; i < batchSize; i++) {
      const text = makeStream(random);
      const reading = pair.read(cut(random, Buffer.from(text, "latin1")));
      tally.inputs++;
      tally.accepted += reading.accepted;
      if (reading.isHanded) tally.handed++;
      if (reading.accepted > 0) batch.push({ text, reading });
    }
    await pair.settled();
    for (const { text, reading } of batch) {
      const wrong = reading.wrong();
      if (wrong === undefined) continue;
      tally.dangerous++;
      if (tally.examples.length < examplesMax)
        tally.examples.push(`${wrong}: ${JSON.stringify(text)}`);
    }
  }
  return tally;
}

/** What both readers make of connections that came in these pieces: the disagreements, if any. */
export async function differOn(all: Iterable<readonly Buffer[]>): Promise<readonly string[]> {
  const pair = createPair({});
  const readings = Array.from(all, (pieces) => pair.read(pieces));
  await pair.settled();
  return readings.flatMap((reading) => reading.wrong() ?? []);
}

/** `bytes` in two pieces, cut at every `step`th point. */
export function* cutEverywhere(bytes: Buffer, step = 1): Generator<readonly Buffer[]> {
  for (let at = 1; at < bytes.length; at += step) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

interface PairReading {
  /** Requests that the own front accepted. */
  readonly accepted: number;
  /** The own front gave bytes on. */
  readonly isHanded: boolean;
  /** The disagreement, if any; asked once, after `settled`. */
  wrong(): string | undefined;
}

function createPair(o: FrontKnockOut): {
  read(pieces: readonly Buffer[]): PairReading;
  settled(): Promise<void>;
} {
  const front = createFrontReader(o);
  const node = createNodeReader();
  return {
    read(pieces) {
      const { requests: ours, handed } = front(pieces);
      const isHanded = handed.length > 0;
      if (ours.length === 0) return { accepted: 0, isHanded, wrong: () => undefined };
      const theirs = node.begin(pieces);
      const rest = isHanded ? node.begin(handed) : undefined;
      return {
        accepted: ours.length,
        isHanded,
        wrong() {
          theirs.close();
          rest?.close();
          return (
            difference(ours, theirs.requests) ??
            (rest && lost(rest.requests, theirs.requests.slice(ours.length)))
          );
        },
      };
    },
    settled: () => node.settled(),
  };
}

/** Whether all that the own front accepted is what llhttp read, in order. */
function difference(ours: readonly Read[], theirs: readonly Read[]): string | undefined {
  for (const [i, our] of ours.entries()) {
    const their = theirs[i];
    if (their === undefined) return `llhttp has no request ${i}`;
    if (our.method !== their.method) return `the method of request ${i}`;
    if (our.target !== their.target) return `the target of request ${i}`;
    if (our.headers.join("\n") !== their.headers.join("\n")) return `the fields of request ${i}`;
    if (our.body !== undefined && our.body !== their.body) return `the body of request ${i}`;
  }
  return undefined;
}

/** Whether what was handed over reads like the rest of the whole connection. */
function lost(handed: readonly Read[], rest: readonly Read[]): string | undefined {
  return JSON.stringify(handed) === JSON.stringify(rest)
    ? undefined
    : "what was handed over reads otherwise than where it stood";
}

import type { Random } from "@loadline/kit/random";
import { createFrontReader, createNodeReader, type FrontKnockOut, type Read } from "./readers.ts";
import { cut, makeStream } from "./streams.ts";

/** What one run of the differential fuzz saw. */
export interface Tally {
  inputs: number;
  /** Requests that the own front accepted. */
  accepted: number;
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
  const front = createFrontReader(o);
  const node = createNodeReader();
  const tally: Tally = { inputs: 0, accepted: 0, dangerous: 0, examples: [] };
  while (!isOver(tally)) {
    const batch = [];
    for (let i = 0; i < batchSize; i++) {
      const text = makeStream(random);
      const pieces = cut(random, Buffer.from(text, "latin1"));
      const { requests: ours, handed } = front(pieces);
      tally.inputs++;
      tally.accepted += ours.length;
      if (ours.length === 0) continue;
      const theirs = node.begin(pieces);
      const rest = handed === undefined ? undefined : node.begin([handed]);
      batch.push({ text, ours, theirs, rest });
    }
    await node.settled();
    for (const { text, ours, theirs, rest } of batch) {
      const wrong =
        difference(ours, theirs.requests) ??
        (rest && lost(rest.requests, theirs.requests.slice(ours.length)));
      theirs.close();
      rest?.close();
      if (wrong === undefined) continue;
      tally.dangerous++;
      if (tally.examples.length < examplesMax)
        tally.examples.push(`${wrong}: ${JSON.stringify(text)}`);
    }
  }
  return tally;
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

import fc from "fast-check";
import { expect, it } from "vitest";
import { createFlight, type Flight } from "../../engine/flight.ts";
import { openAnswer } from "../answer.fixture.ts";
import type { AnswerReader } from "../client.ts";
import { dialects } from "./llm-client.ts";
import { StreamReader } from "./stream-reader.ts";

/** What is found in a stream: its end, its flight, its gaps, its text, and how often it was fed. */
interface Found {
  readonly outcome: string;
  readonly flight: Flight;
  readonly gaps: readonly number[];
  readonly text: string;
  readonly fed: number;
}

const head =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);

/** Reads chunks, each read a list of them; `byChunks` false feeds every byte. */
function read(reads: readonly (readonly Buffer[])[], byChunks: boolean): Found {
  const gaps: number[] = [];
  let text = "";
  let fed = 0;
  const reader = new StreamReader(dialects.chat, {
    gap: (_flight, gapMs) => void gaps.push(gapMs),
    text: (_flight, all) => void (text = all),
  });
  const counted: AnswerReader = {
    head: (flight, status, headers) => reader.head(flight, status, headers),
    data(flight, bytes, nowMs) {
      fed++;
      reader.data(flight, bytes, nowMs);
    },
    end: (flight, nowMs) => reader.end(flight, nowMs),
  };
  if (byChunks) counted.wholeChunk = (...all) => reader.wholeChunk(...all);
  const flight = createFlight(0, 0, 0);
  const answer = openAnswer(counted, flight);
  answer.feed(Buffer.from(head), 0);
  for (const [at, one] of reads.entries())
    answer.feed(Buffer.concat(one.map(chunk)), 10 * (at + 1));
  answer.feed(Buffer.from("0\r\n\r\n"), 1000);
  return { outcome: answer.outcome, flight, gaps, text, fed };
}

const event = (text: string): string =>
  `data: ${JSON.stringify({ id: "x", choices: [{ index: 0, delta: { content: text } }] })}\n\n`;
const done = "data: [DONE]\n\n";

it("events that repeat themselves are read from their chunks: none is fed, nothing is missed", () => {
  const texts = ["a", " b", "c", "d"];
  const reads = [...texts.map(event), done].map((one) => [Buffer.from(one)]);
  const { fed, outcome, text, gaps, flight } = read(reads, true);
  expect({ fed, outcome, text, gaps }).toEqual({
    fed: 2,
    outcome: "ok",
    text: "a bcd",
    gaps: [10, 10, 10],
  });
  expect(flight).toMatchObject({ contentEvents: 4, firstContentMs: 10, doneMs: 50 });
});

it("chunks of one read are one stamp", () => {
  const three = ["a", "b", "c"].map((text) => Buffer.from(event(text)));
  const { flight } = read([three, [Buffer.from(done)]], true);
  expect(flight).toMatchObject({ contentEvents: 3, contentReads: 1, eventsPerReadMax: 3 });
});

it("nothing counts after the end marker, an error or bytes that are no text", () => {
  const bad = Buffer.from([0xff, 0x0a, 0x0a]);
  for (const stop of [Buffer.from(done), Buffer.from('data: {"error":{"message":"x"}}\n\n'), bad]) {
    const bytes = [event("a"), event("b")].map((one) => Buffer.from(one));
    const reads = [...bytes, stop, ...bytes].map((one) => [one]);
    expect(read(reads, true).flight.contentEvents).toBe(2);
  }
});

it("any stream is found to be what its bytes, fed one by one, say", () => {
  const ascii = fc.constantFrom("a", " b", "", "}", ":");
  const odd = fc.constantFrom(
    "data: ",
    "\n",
    "\r",
    ": ping\n\n",
    "event: x\n",
    '"}',
    "ä",
    '{"error":{}}',
  );
  const usage = `data: ${JSON.stringify({ choices: [], usage: { completion_tokens: 5 } })}\n\n`;
  const part = fc.oneof(
    { weight: 6, arbitrary: ascii.map(event) },
    { weight: 1, arbitrary: fc.constantFrom(event("ä"), event('"'), usage, done) },
    { weight: 1, arbitrary: odd },
  );
  const bytes = part.map((one) => Buffer.from(one));
  // A character, an event or a line end may lie in two chunks.
  const cut = fc
    .tuple(bytes, fc.nat())
    .map(([one, at]) => [one.subarray(0, at % one.length), one.subarray(at % one.length)])
    .map((halves) => halves.filter(({ length }) => length > 0));
  const pieces = fc.oneof(
    { weight: 8, arbitrary: bytes.map((one) => [one]) },
    { weight: 1, arbitrary: cut },
  );
  const reads = fc.array(
    fc.array(pieces, { minLength: 1, maxLength: 3 }).map((all) => all.flat()),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(reads, (all) => {
      const { fed: _fed, ...byChunks } = read(all, true);
      const { fed: _all, ...byBytes } = read(all, false);
      expect(byChunks).toEqual(byBytes);
    }),
    { numRuns: 1000 },
  );
});

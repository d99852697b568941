import { systemClock } from "@loadline/kit/clock";
import { parseRequestHead } from "@loadline/kit/http1";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { differ, differOn } from "./differ.ts";

/** `bench/front/fuzz.ts` reads ten million, of fresh seeds. */
const seconds = Number(process.env["LOADLINE_FUZZ_SECONDS"] ?? 60);
/** One for all runs of the suite: what it shows depends on the front, not on luck. */
const seed = Number(process.env["LOADLINE_FUZZ_SEED"] ?? 20_261_122);
const clock = systemClock();
const knockOutInputs = 20_000;

describe("random connections, read by the own front and by llhttp", () => {
  it(`${seconds} s of seed ${seed}: whatever the front accepts is what llhttp reads, and the rest is handed over whole`, async () => {
    const endMs = clock.monotonicMs() + seconds * 1000;
    const tally = await differ(seededRandom(seed), () => clock.monotonicMs() >= endMs);
    process.stderr.write(
      `front fuzz, seed ${seed}: ${tally.inputs} inputs, ${tally.accepted} requests accepted, ` +
        `${tally.dangerous} disagreements in the dangerous direction\n`,
    );
    expect(tally.examples).toEqual([]);
    // A generator whose requests are hardly ever accepted would prove nothing.
    expect(tally.accepted).toBeGreaterThan(tally.inputs / 20);
  }, 180_000);
});

describe("what is handed over", () => {
  const post = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n";
  const plain = `${post}Content-Length: 2\r\n\r\nbb`;
  const upgrade = `${post}Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nbb`;
  const bytes = Buffer.from(plain + upgrade + plain);

  it("is read as where it stood, wherever a request for an upgrade was cut", async () => {
    const found = [];
    for (let at = 1; at < bytes.length; at++)
      found.push(await differOn([bytes.subarray(0, at), bytes.subarray(at)]));
    expect(found).toEqual(Array.from({ length: bytes.length - 1 }, () => undefined));
  });
});

/** Reads a text that is changed first, as a front would that sees something else in it. */
const changed =
  (change: (text: string) => string): typeof parseRequestHead =>
  (text, headersMax) =>
    parseRequestHead(change(text), headersMax);

const saboteurs: readonly (readonly [string, typeof parseRequestHead])[] = [
  [
    "takes the length where chunks are announced, too",
    changed((text) =>
      /content-length: *\d/i.test(text)
        ? text.replace(/transfer-encoding: *chunked\r\n/i, "")
        : text,
    ),
  ],
  ["takes the first of two lengths", changed((text) => onlyFirst(text, /content-length:.*\r\n/gi))],
  ["joins folded lines", changed((text) => text.replaceAll("\r\n ", " "))],
  ["ends lines at a bare line feed", changed((text) => text.replaceAll(/(?<!\r)\n/g, "\r\n"))],
  ["forgives blanks before colons", changed((text) => text.replaceAll(/ +:/g, ":"))],
  ["reads a signed length", changed((text) => text.replaceAll(/length: *[+-]/gi, "length: "))],
  ["leaves NUL bytes out", changed((text) => text.replaceAll("\u0000", ""))],
];

function onlyFirst(text: string, pattern: RegExp): string {
  let count = 0;
  return text.replaceAll(pattern, (line) => (count++ === 0 ? line : ""));
}

describe("a front that reads more than it may is seen by the fuzz", () => {
  it.each(saboteurs)("one that %s", async (_what, parseHead) => {
    const isOver = (tally: { inputs: number; dangerous: number }): boolean =>
      tally.dangerous > 0 || tally.inputs >= knockOutInputs * 10;
    const tally = await differ(seededRandom(7), isOver, { parseHead });
    expect(tally.dangerous).toBeGreaterThan(0);
  });
});

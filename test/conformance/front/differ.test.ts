import { systemClock } from "@loadline/kit/clock";
import { parseRequestHead } from "@loadline/kit/http1";
import { seededRandom, systemRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { cutEverywhere, differ, differOn } from "./differ.ts";
import { smuggled } from "./streams.ts";

/** `bench/front/fuzz.ts` reads ten million. */
const seconds = Number(process.env["LOADLINE_FUZZ_SECONDS"] ?? 60);
/** A fresh one in each run, told with what it found; named, that run is the same again. */
const seed = Number(process.env["LOADLINE_FUZZ_SEED"] ?? systemRandom().below(2 ** 31));
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
    expect(await differOn(cutEverywhere(bytes))).toEqual([]);
  });
});

describe("what is smuggled, cut in two at every point", () => {
  it.each(smuggled)(
    "%s: the own front accepts nothing that llhttp reads otherwise",
    async (_, text) => {
      const bytes = Buffer.from(text, "latin1");
      // Of a head beyond its limit some points stand for all.
      expect(await differOn(cutEverywhere(bytes, bytes.length > 4096 ? 97 : 1))).toEqual([]);
    },
  );
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

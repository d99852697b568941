import { type Random, seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { requests, streams } from "./corpus.ts";
import { checkRequest, checkStream } from "./laws.ts";
import { mutate } from "./mutate.ts";

const casesDefault = 100_000;
const cases = Number(process.env["LOADLINE_FUZZ_CASES"] ?? casesDefault);
const seed = Number(process.env["LOADLINE_FUZZ_SEED"] ?? 20_261_121);

/** Runs `check` on `count` mutations; a failure names the seed, the case and its bytes. */
function fuzz(
  corpus: readonly string[],
  count: number,
  check: (bytes: Buffer, random: Random) => void,
): void {
  const random = seededRandom(seed);
  for (let i = 0; i < count; i++) {
    const bytes = mutate(Buffer.from(corpus[i % corpus.length] ?? ""), random);
    try {
      check(bytes, random);
    } catch (cause) {
      throw new Error(`seed ${seed}, case ${i}: ${JSON.stringify(bytes.toString())}`, { cause });
    }
  }
}

describe(`mutations of seed ${seed}`, () => {
  it(`${cases} request bodies: known members agree with JSON.parse, before and after edits`, () => {
    let both = 0;
    fuzz(requests, cases, (bytes) => void (both += checkRequest(bytes) ? 1 : 0));
    expect(both).toBeGreaterThan(cases / 100);
  });

  it(`${cases / 10} streams: the same events however they are cut, and an answer to each`, () => {
    let events = 0;
    fuzz(streams, cases / 10, (bytes, random) => void (events += checkStream(bytes, random)));
    expect(events).toBeGreaterThan(cases / 10);
  });

  it("a name in escapes is read as the name it stands for", () => {
    const bytes = Buffer.from('{"\\u006dodel":"m","messages":[],"model2":"x"}');
    expect(checkRequest(bytes)).toBe(true);
    const other = Buffer.from('{"\\u006dodel":"m","model":"x","messages":[]}');
    expect(checkRequest(other)).toBe(false);
  });
});

import fc from "fast-check";
import { expect, it } from "vitest";
import { lintReport } from "./lint.ts";
import { type Draw, type Phrase, phrases } from "./recall.fixture.ts";

const draws = 20;
const findingsOf = (text: string) => lintReport("report", new TextEncoder().encode(text)).findings;

/** Texts of one phrase; equal seeds, equal texts. */
function textsOf(phrase: Phrase, isBroken: boolean): string[] {
  return fc
    .sample(fc.infiniteStream(fc.nat(1_000_000)), { numRuns: draws, seed: 6 })
    .map((stream) => {
      const random: Draw = (least, most) =>
        least + ((stream.next().value ?? 0) % (most - least + 1));
      return phrase.write(random, isBroken);
    });
}

const caughtOf = (phrase: Phrase): number =>
  textsOf(phrase, true).filter((text) =>
    findingsOf(text).some(({ rule }) => phrase.rules.includes(rule)),
  ).length;

it.each(phrases)("$name: said right, it is never contradicted", (phrase) => {
  for (const text of textsOf(phrase, false)) {
    expect({ text, found: findingsOf(text).map(({ message }) => message) }).toEqual({
      text,
      found: [],
    });
  }
});

it.each(phrases)(
  "$name: said wrong, at least 9 of 10 are found by the rule that owns it",
  (phrase) => {
    expect(caughtOf(phrase) / draws).toBeGreaterThanOrEqual(0.9);
  },
);

it("over all phrases at least 97 of 100 slips are found", () => {
  const caught = phrases.reduce((sum, phrase) => sum + caughtOf(phrase), 0);
  expect(caught / (phrases.length * draws)).toBeGreaterThanOrEqual(0.97);
});

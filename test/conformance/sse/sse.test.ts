import { describe, expect, it } from "vitest";
import { corpus, inOneRead, type TrapCase } from "./corpus.ts";
import { genuine, mutants } from "./mutants.ts";
import { foundIn, type MakeReader, play } from "./play.ts";
import type { DialectName } from "./words.ts";

const all = corpus();
const names: readonly DialectName[] = ["chat", "completions", "responses", "messages"];

const cutAt = (bytes: Buffer, ...ats: number[]): Buffer[] => {
  const from = [0, ...ats, bytes.length];
  return from.slice(1).map((to, i) => bytes.subarray(from[i], to));
};

/** Ends of the reads of a case, as offsets into its bytes. */
function endsOf(trap: TrapCase): number[] {
  const ends: number[] = [];
  let at = 0;
  for (const read of trap.reads) ends.push((at += read.length));
  return ends;
}

/** What a parser says of a trap at its own read boundaries, different from what is expected. */
const fails = (trap: TrapCase, make: MakeReader): boolean =>
  JSON.stringify(foundIn(play(trap, make))) !== JSON.stringify(trap.expected);

describe.each(names)("traps of streams in %s", (dialect) => {
  const traps = all.filter((trap) => trap.dialect === dialect);
  const make = genuine(dialect);

  it.each(traps.map((trap) => [trap.id, trap] as const))("%s", (_id, trap) => {
    expect(foundIn(play(trap, make))).toEqual(trap.expected);
  });

  it.each(traps.map((trap) => [trap.id, trap] as const))(
    "%s: the same at every split point, stamped by the read an event ends in",
    (_id, trap) => {
      const bytes = Buffer.concat(trap.reads);
      const ends = endsOf(trap);
      const single = play(
        { reads: Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)), closes: trap.closes },
        make,
      );
      const { events, tokens } = trap.expected;
      const late = trap.lateOutcome ?? trap.expected.outcome;
      expect(foundIn(single)).toMatchObject({ outcome: late, events, tokens });
      // Byte by byte a stamp is the offset at which its event ended; it lies in the expected read.
      const inRead = (offset: number | null, read: number | null): void => {
        if (offset === null || read === null) expect(offset).toBe(read);
        else expect(ends.findIndex((end) => offset < end)).toBe(read);
      };
      const offsets = foundIn(single);
      inRead(offsets.first, trap.expected.first);
      inRead(offsets.firstOutput, trap.expected.firstOutput);
      inRead(offsets.last, trap.expected.last);
      for (let at = 1; at < bytes.length; at++) {
        const found = foundIn(play({ reads: cutAt(bytes, at), closes: trap.closes }, make));
        const outcome = at === bytes.length - 1 ? late : trap.expected.outcome;
        expect(found).toMatchObject({ outcome, events, tokens });
        const half = (offset: number | null): number | null =>
          offset === null ? null : offset < at ? 0 : 1;
        expect([found.first, found.firstOutput, found.last]).toEqual([
          half(offsets.first),
          half(offsets.firstOutput),
          half(offsets.last),
        ]);
      }
    },
  );

  it("a whole stream in one read is found whole and is seen to be bundled", () => {
    for (const trap of traps) {
      const played = play(inOneRead(trap), make);
      const { outcome, events, tokens } = trap.expected;
      expect(foundIn(played)).toMatchObject({ outcome, events, tokens, eventsPerReadMax: events });
      expect(played.flight.contentReads).toBe(Math.min(1, events));
    }
  });

  it("gaps are those between the stamps of content events, their longest kept", () => {
    for (const trap of traps) {
      const { flight, gaps } = play(trap, make);
      expect(gaps).toHaveLength(Math.max(0, flight.contentEvents - 1));
      if (gaps.length === 0) expect(flight.gapMaxMs).toBeNaN();
      else expect(flight.gapMaxMs).toBe(Math.max(...gaps));
      const spanMs = flight.lastContentMs - flight.firstContentMs;
      if (gaps.length > 0) expect(gaps.reduce((a, b) => a + b, 0)).toBe(spanMs);
    }
  });
});

describe("the corpus itself", () => {
  it("every trap is said in at least one dialect, and chat says them all", () => {
    const plain = (id: string): string => id.replace(/^\w+: /, "");
    const chat = all.filter((trap) => trap.dialect === "chat").map((trap) => plain(trap.id));
    expect(new Set(all.map((trap) => plain(trap.id)))).toEqual(new Set(chat));
    expect(new Set(all.map((trap) => trap.id)).size).toBe(all.length);
  });

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    "a parser that %s is found out by its trap",
    (_name, mutant) => {
      const traps = all.filter(
        (trap) => trap.id.startsWith("chat: ") && trap.id.includes(mutant.trap),
      );
      expect(traps.length).toBeGreaterThan(0);
      expect(traps.some((trap) => fails(trap, mutant.make("chat")))).toBe(true);
    },
  );

  it("no mistake escapes in a dialect that can make it", () => {
    const escaped = mutants.flatMap((mutant) =>
      names
        .filter(
          (dialect) => !all.some((t) => t.dialect === dialect && fails(t, mutant.make(dialect))),
        )
        .map((dialect) => `${mutant.name} in ${dialect}`),
    );
    // What a dialect cannot say, it cannot get wrong.
    expect(escaped).toEqual([
      "reads the first choice only in completions",
      "reads the first choice only in responses",
      "reads the first choice only in messages",
      "overlooks reasoning in completions",
      "takes reasoning for output in completions",
      "overlooks tool calls in completions",
      "overlooks tool calls in responses",
      "overlooks tool calls in messages",
      "keeps the first usage in responses",
    ]);
  });
});

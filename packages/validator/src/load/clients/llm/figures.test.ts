import { describe, expect, it } from "vitest";
import { createFlight, type Flight } from "../../engine/flight.ts";
import { isBuffered, llmFigures } from "./figures.ts";

const flightOf = (fields: Partial<Flight>): Flight => Object.assign(createFlight(0, 0, 0), fields);

const told = (flight: Flight): Record<string, [number, boolean]> => {
  const figures: Record<string, [number, boolean]> = {};
  const metric = (name: string, value: number, bad = false): void =>
    void (figures[name] = [value, bad]);
  llmFigures({ metric }).answered?.(flight);
  return figures;
};

describe("figures of a stream", () => {
  it("bundling shows in events per read and tokens per event; a user's tokens come at 1 / tpot", () => {
    const tokens = { tokens: 24, tokensFrom: "usage" } as const;
    const reads = { contentEvents: 12, contentReads: 4, eventsPerReadMax: 3 };
    const times = { firstContentMs: 100, lastContentMs: 560 };
    expect(told(flightOf({ ...reads, ...tokens, ...times }))).toEqual({
      output_tokens: [24, false],
      "output_tokens{source:usage}": [24, false],
      buffered_streams: [0, false],
      output_tokens_per_s_per_user: [50, false],
      events_per_read: [3, false],
      tokens_per_event: [2, false],
    });
  });

  it("a stream is buffered from 8 events on, of which nine tenths came in one read", () => {
    const buffered = (contentEvents: number, eventsPerReadMax: number): boolean =>
      isBuffered(flightOf({ contentEvents, eventsPerReadMax }));
    expect([buffered(8, 8), buffered(10, 9), buffered(100, 90)]).toEqual([true, true, true]);
    expect([buffered(7, 7), buffered(10, 8), buffered(100, 89)]).toEqual([false, false, false]);
    const one = flightOf({ contentEvents: 8, contentReads: 1, eventsPerReadMax: 8 });
    expect(told(one)["buffered_streams"]).toEqual([1, true]);
  });

  it("unknown tokens are told as unknown, not left out; an answer in one piece has no events", () => {
    expect(told(flightOf({ contentEvents: 2, contentReads: 2 }))).toEqual({
      output_tokens: [Number.NaN, false],
      "output_tokens{source:unknown}": [Number.NaN, false],
      buffered_streams: [0, false],
      output_tokens_per_s_per_user: [Number.NaN, false],
      events_per_read: [1, false],
    });
    expect(told(flightOf({ tokens: 5, tokensFrom: "tokenizer" }))).toEqual({
      output_tokens: [5, false],
      "output_tokens{source:tokenizer}": [5, false],
    });
  });

  it("gaps are told one by one", () => {
    const gaps: number[] = [];
    const { gap } = llmFigures({ metric: (_name, value) => void gaps.push(value) });
    gap?.(createFlight(0, 0, 0), 3);
    gap?.(createFlight(0, 0, 0), 4);
    expect(gaps).toEqual([3, 4]);
  });
});

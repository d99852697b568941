import type { ExecContext } from "../../engine/exec.ts";
import type { Flight } from "../../engine/flight.ts";
import { metricOf } from "../../record/metrics.ts";
import type { ReaderOptions } from "./stream-reader.ts";

/** Fewest content events of which bundling can be told. */
const bundledEventsMin = 8;
const bundledShare = 0.9;

/** Whether nearly all of a stream's content came in one read: its gaps say nothing then. */
export function isBuffered(flight: Flight): boolean {
  const { contentEvents, eventsPerReadMax } = flight;
  return contentEvents >= bundledEventsMin && eventsPerReadMax >= bundledShare * contentEvents;
}

/** Where a count of tokens came from stands beside it. */
const sources = {
  usage: "output_tokens{source:usage}",
  tokenizer: "output_tokens{source:tokenizer}",
  unknown: "output_tokens{source:unknown}",
} as const satisfies Record<Flight["tokensFrom"], string>;

/** Reader options that tell the figures of load.md section 8 that no request has one value of. */
export function llmFigures(
  context: Pick<ExecContext, "metric" | "countTokens">,
): Pick<ReaderOptions, "gap" | "answered" | "countTokens"> {
  const { metric, countTokens } = context;
  return {
    ...(countTokens !== undefined && { countTokens }),
    gap: (_flight, gapMs) => metric("icl", gapMs),
    answered: (flight) => {
      const { tokens, contentEvents, contentReads } = flight;
      // Of a number that nobody knows no sum can be told: an answer that tells none is told as such.
      const known = tokens >= 0 ? tokens : Number.NaN;
      metric("output_tokens", known);
      metric(sources[flight.tokensFrom], known);
      if (contentEvents === 0) return;
      const buffered = isBuffered(flight);
      metric("buffered_streams", buffered ? 1 : 0, buffered);
      const tpotMs = metricOf(flight, "tpot");
      metric("output_tokens_per_s_per_user", tpotMs > 0 ? 1_000 / tpotMs : Number.NaN);
      metric("events_per_read", contentEvents / contentReads);
      if (tokens >= 0) metric("tokens_per_event", tokens / contentEvents);
    },
  };
}

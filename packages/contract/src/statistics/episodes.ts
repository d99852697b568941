/** Times in which a service was down, as a sample of requests shows them. */
import { cleanTimeNeededMs } from "./sampling.ts";
import type { Slice } from "./dispersion.ts";

/** One outage: where it began, and how long it was at least and at most, ms. */
export type Episode = readonly [startMs: number, leastMs: number, mostMs: number];

/** What was seen of a service over time. */
export interface TimeSample {
  /** Time in which something was asked; the rest is no observation. */
  readonly observedMs: number;
  /** Shorter outages may have gone unseen. */
  readonly resolutionMs: number;
  readonly episodes: readonly Episode[];
}

/** Shortest outage that slices show: one that covers a whole slice wherever it begins. */
const slicesToSee = 2;

/**
 * Outages in a tally: a slice is down when half or more of its requests were bad, surely down when
 * all were. A slice without requests ends an episode and is no observed time.
 */
export function episodesOf(slices: readonly Slice[], sliceMs: number): TimeSample {
  const episodes: [number, number, number][] = [];
  let observedMs = 0;
  let isDown = false;
  slices.forEach(([n, bad], index) => {
    if (n > 0) observedMs += sliceMs;
    const wasDown = isDown;
    isDown = n > 0 && bad * 2 >= n;
    if (!isDown) return;
    if (!wasDown) episodes.push([index * sliceMs, 0, 0]);
    const last = episodes.at(-1);
    if (last === undefined) return;
    last[2] += sliceMs;
    if (bad === n) last[1] += sliceMs;
  });
  return { observedMs, resolutionMs: slicesToSee * sliceMs, episodes };
}

/** Clean time, ms, that shows availability of `target` where outages last `episodeMs`; null: none. */
export function cleanTimeToProveMs(
  episodeMs: number,
  target: number,
  confidence: number,
): number | null {
  const isPossible = episodeMs > 0 && target > 0 && target < 1;
  return isPossible ? cleanTimeNeededMs(episodeMs, target, confidence) : null;
}

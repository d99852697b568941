import type { SampleTally } from "@loadline/contract";

/** Where windows lie in a scenario's slices. */
export interface Windows {
  /** Length of a window, ms. */
  readonly overMs: number;
  /** Of the first measured request, ms from the scenario's start. */
  readonly fromMs: number;
  /** Names of the windows in order of time. */
  readonly parts: readonly string[];
}

/**
 * Parts a tally into tumbling windows by intended time; what remains after the last full window
 * belongs to the last. Values that could not be measured have no slice: each window may hold as
 * many of them as it has samples left, so they can only take a verdict away.
 */
export function splitWindows(tally: SampleTally, w: Windows): SampleTally[] {
  const slices = w.parts.map((): (readonly [number, number])[] => []);
  tally.slices.forEach((slice, index) => {
    const offsetMs = index * tally.sliceMs - w.fromMs;
    const window = Math.floor(Math.max(0, offsetMs) / w.overMs);
    slices[Math.min(window, w.parts.length - 1)]?.push(slice);
  });
  return w.parts.map((part, index) => {
    const own = slices[index] ?? [];
    const n = own.reduce((sum, [count]) => sum + count, 0);
    const bad = own.reduce((sum, [, count]) => sum + count, 0);
    return {
      stream: tally.stream,
      part,
      n,
      bad,
      undefined: Math.min(tally.undefined, n - bad),
      slices: own,
      sliceMs: tally.sliceMs,
      badBy: {},
      ...(tally.limitMs !== undefined && { limitMs: tally.limitMs }),
    };
  });
}

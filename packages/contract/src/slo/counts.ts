import { boundMatcher } from "./expression.ts";
import type { Sli } from "./model.ts";
import { extendSelector, isSelected, readSelector, type Sample } from "./selector.ts";

/** Events and bad events of an SLI; null where the page does not tell them. */
export interface EventCounts {
  readonly events: number;
  readonly bad: number;
}

/** Sum of what a selector takes; null where nothing is there to take: absent is no 0. */
export function totalOf(samples: readonly Sample[], text: string): number | null {
  const selector = readSelector(text.trim());
  const taken = samples.filter((sample) => isSelected(sample, selector));
  return taken.length === 0 ? null : taken.reduce((sum, { value }) => sum + value, 0);
}

/** What a metrics page tells of an SLI that counts events. */
export function countsOf(sli: Sli, samples: readonly Sample[]): EventCounts | null {
  if (sli.kind === "latency" && sli.histogram !== undefined) {
    const under = extendSelector(sli.histogram, "_bucket", boundMatcher(sli.underMs));
    const events = totalOf(samples, extendSelector(sli.histogram, "_count", ""));
    return pair(events, complement(events, totalOf(samples, under)));
  }
  if (sli.kind !== "ratio" || sli.total === undefined) return null;
  const events = totalOf(samples, sli.total);
  if (sli.bad !== undefined) return pair(events, totalOf(samples, sli.bad));
  if (sli.good === undefined) return null;
  return pair(events, complement(events, totalOf(samples, sli.good)));
}

/** Whether a page has the events of an SLI and does not tell which of them are bad. */
export function isHalfTold(sli: Sli, samples: readonly Sample[]): boolean {
  if (countsOf(sli, samples) !== null) return false;
  if (sli.kind === "latency" && sli.histogram !== undefined) {
    return totalOf(samples, extendSelector(sli.histogram, "_count", "")) !== null;
  }
  return sli.kind === "ratio" && sli.total !== undefined && totalOf(samples, sli.total) !== null;
}

const complement = (events: number | null, good: number | null): number | null =>
  events === null || good === null ? null : events - good;

/** More bad events than events, or fewer than none, tell nothing. */
function pair(events: number | null, bad: number | null): EventCounts | null {
  if (events === null || bad === null || bad < 0 || bad > events) return null;
  return { events, bad };
}

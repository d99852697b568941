import { isSelected, readSamples, readSelector, type Sample } from "@loadline/contract/selector";
import { minEvents, watched } from "./watched.ts";

/** How a watched figure stands; what was not seen or too little is never within. */
export interface WatchedFigure {
  readonly id: string;
  readonly state: "within" | "over" | "too_few" | "absent";
  readonly events: number;
  /** Share, or openings per hour of the worst breaker; null where nothing tells it. */
  readonly observed: number | null;
  readonly most: number;
  readonly text: string;
}

const changesMost = 6;
const hourS = 3600;

/**
 * The four watched figures since the start of the gateway whose metrics page this is; `nowS` is
 * the time of the page, as Unix time.
 */
export function checkWatched(page: string, nowS: number): readonly WatchedFigure[] {
  const samples = readSamples(page);
  return [...watched.map((row) => shareOf(samples, row)), breakerChanges(samples, nowS)];
}

function shareOf(samples: readonly Sample[], row: (typeof watched)[number]): WatchedFigure {
  const part = total(samples, row.part);
  const events = total(samples, row.whole);
  const { id, most } = row;
  if (part === null || events === null) {
    return {
      id,
      most,
      state: "absent",
      events: 0,
      observed: null,
      text: "the page has no such series",
    };
  }
  const bad = row.isGood ? events - part : part;
  const observed = events === 0 ? null : bad / events;
  const text = `${bad} of ${events} ${row.of} were ${row.were}; at most ${most * 100} % may be`;
  if (observed === null || events < minEvents) {
    return {
      id,
      most,
      state: "too_few",
      events,
      observed,
      text: `${text}; ${minEvents} are needed`,
    };
  }
  return { id, most, state: observed > most ? "over" : "within", events, observed, text };
}

function breakerChanges(samples: readonly Sample[], nowS: number): WatchedFigure {
  const selector = readSelector('loadline_breaker_transitions_total{to="open"}');
  const perTarget = new Map<string, number>();
  for (const sample of samples) {
    if (!isSelected(sample, selector)) continue;
    const target = sample.labels.get("target") ?? "";
    perTarget.set(target, (perTarget.get(target) ?? 0) + sample.value);
  }
  const startedS = total(samples, "process_start_time_seconds");
  const row = { id: "breaker_changes", most: changesMost };
  if (perTarget.size === 0 || startedS === null) {
    const text = "the page has no such series";
    return { ...row, state: "absent", events: 0, observed: null, text };
  }
  const [target, events] = [...perTarget].reduce((a, b) => (b[1] > a[1] ? b : a));
  const hours = Math.max(0, nowS - startedS) / hourS;
  // A run shorter than an hour is taken as an hour: its openings all fall into one.
  const observed = events / Math.max(1, hours);
  const text = `the breaker of ${target} opened ${events} times in ${hours.toFixed(2)} h; at most ${changesMost} an hour may be`;
  if (observed > changesMost) return { ...row, state: "over", events, observed, text };
  const state = hours < 1 ? "too_few" : "within";
  const more = hours < 1 ? `${text}; an hour is needed` : text;
  return { ...row, state, events, observed, text: more };
}

/** Sum of what a selector takes; null where nothing is there to take. */
function total(samples: readonly Sample[], text: string): number | null {
  const selector = readSelector(text);
  const taken = samples.filter((sample) => isSelected(sample, selector));
  if (taken.length === 0) return null;
  return taken.reduce((sum, sample) => sum + sample.value, 0);
}

/** Holds back text that may be the beginning of a stop sequence, and ends at the first whole one. */
export interface StopText {
  /** Text that is safe to send now. */
  push(text: string): string;
  /** What was held back, once no more text comes. */
  rest(): string;
  readonly isStopped: boolean;
}

export function createStopText(stops: readonly string[]): StopText {
  let held = "";
  let isStopped = false;
  return {
    push(text) {
      if (isStopped) return "";
      held += text;
      const at = firstStop(held, stops);
      if (at !== undefined) {
        isStopped = true;
        const before = held.slice(0, at);
        held = "";
        return before;
      }
      const safe = held.length - longestPrefixAtEnd(held, stops);
      const out = held.slice(0, safe);
      held = held.slice(safe);
      return out;
    },
    rest() {
      const out = held;
      held = "";
      return out;
    },
    get isStopped() {
      return isStopped;
    },
  };
}

function firstStop(text: string, stops: readonly string[]): number | undefined {
  let first: number | undefined;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && (first === undefined || at < first)) first = at;
  }
  return first;
}

function longestPrefixAtEnd(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let n = Math.min(stop.length - 1, text.length); n > longest; n--) {
      if (text.endsWith(stop.slice(0, n))) longest = n;
    }
  }
  return longest;
}

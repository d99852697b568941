/** An idle connection is not used again after this: before the common keep-alive of 5 s. */
export const idleMsMax = 4000;
/** Taken off the server's own timeout, half of it where that is less. */
const marginMs = 1000;
/** A connection closed sooner than this after an answer was not closed for lying idle. */
const earlyMs = 500;
/** Early closes in a row, with no second answer between them, that are no accident any more. */
const streakMax = 3;

/** Idle ms from which a connection is not used again; `hintMs` is the server's timeout or -1. */
export function idleLimitMs(hintMs: number): number {
  if (hintMs < 0) return idleMsMax;
  return Math.min(idleMsMax, hintMs - Math.min(marginMs, hintMs / 2));
}

/**
 * Whether the server's `keep-alive: max=` allows no further request on a connection that has
 * carried `served`; -1 = not said. Servers mean two things by it: a number that falls counts what
 * is left, one that stays is the total.
 */
export function isSpent(served: number, firstMax: number, max: number): boolean {
  if (max < 0) return false;
  return max < firstMax ? max === 0 : served >= max;
}

/**
 * Finds answers after which the target closes although it announced that it keeps the connection,
 * per scenario of the answer. Reusing such a connection is a race that somebody has to lose.
 */
export class EarlyCloses {
  readonly #streaks: number[];
  readonly #found: (scenario: number) => void;

  /** `found` is called once per scenario, when its answers were closed upon three times in a row. */
  constructor(scenarios: number, found: (scenario: number) => void) {
    this.#streaks = Array.from({ length: scenarios }, () => 0);
    this.#found = found;
  }

  /** False once answers of this scenario are known to be the last of their connection. */
  mayReuse(scenario: number): boolean {
    return (this.#streaks[scenario] ?? 0) < streakMax;
  }

  /** The target closed, `idleMs` after the answer. */
  closed(scenario: number, idleMs: number): void {
    const streak = this.#streaks[scenario] ?? 0;
    if (idleMs >= earlyMs || streak >= streakMax) return;
    this.#streaks[scenario] = streak + 1;
    if (streak + 1 === streakMax) this.#found(scenario);
  }

  /** A connection gave another answer after one of this scenario. */
  survived(scenario: number): void {
    if (this.mayReuse(scenario)) this.#streaks[scenario] = 0;
  }
}

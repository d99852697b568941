import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";

/** What one side of a case came to. */
export interface CaseSeen {
  /** Verdict and reason of the check under test, such as `failed false`; `passed` alone. */
  readonly word: string;
  /** Checks it has nothing to do with that failed or broke. */
  readonly blamed: readonly string[];
  /** One sentence for people. */
  readonly seen: string;
  /** What it was judged by, kept as an artifact; default none. */
  readonly evidence?: string;
}

/** A check of the product beside the saboteur that must make it fail, and a healthy twin. */
export interface SelftestCase {
  /** `<family>.<check>`, stable between runs. */
  readonly id: string;
  readonly summary: string;
  /** Verdict and reason that catch the saboteur; nothing else does. */
  readonly caught: string;
  /** @throws when the saboteur cannot be run; that is neither caught nor survived. */
  sabotaged(): Promise<CaseSeen>;
  /** @throws like `sabotaged`. */
  clean(): Promise<CaseSeen>;
  /** Why this build has no such check yet: shown, never counted as caught. */
  readonly absent?: string;
}

/** What the cases of one selftest run share. */
export interface SelftestContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Empty folder of this run, removed at its end. */
  readonly scratchDir: string;
  readonly signal: AbortSignal;
}

/** All checks of one kind: one table of the product and how its saboteurs are run. */
export interface SelftestFamily {
  readonly id: string;
  readonly summary: string;
  /** One case per check of its table. @throws LL_SELFTEST_NO_SABOTEUR for one without. */
  cases(context: SelftestContext): readonly SelftestCase[];
}

/** Runs `make` at most once; for a healthy twin that many cases share. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

import type { Exchange } from "../../pipeline/exchange.ts";
import type { TargetState } from "../target-state.ts";

/** A target within one group of one route. */
export interface Member {
  readonly state: TargetState;
  /** Hash of the target's name. */
  readonly nameHash: number;
  /** The weighted strategy's running weight. */
  current: number;
}

/** One decision: `members[0..count)` are usable, in configured order; `count` is at least 2. */
export interface Choice {
  readonly members: readonly Member[];
  readonly count: number;
  readonly x: Exchange;
  readonly nowMs: number;
}

/** Picks the target of one attempt. */
export interface Strategy {
  /** Whether the ramp of a returning target is part of the choice itself. */
  readonly ramps: boolean;
  pick(choice: Choice): Member | undefined;
}

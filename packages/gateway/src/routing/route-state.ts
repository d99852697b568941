import type { Exchange } from "../pipeline/exchange.ts";
import type { HedgeControl } from "./hedge.ts";
import type { Route } from "./routes.ts";
import { servesOperation } from "./serves.ts";
import type { Choice, Member, Strategy } from "./strategies/strategy.ts";
import type { TargetState } from "./target-state.ts";

/** Targets of equal rank with the strategy that orders them. */
export interface GroupState {
  readonly strategy: Strategy;
  readonly members: readonly Member[];
}

/** What a choice must leave out. */
export interface Tried {
  hasTried(state: TargetState): boolean;
}

export interface RouteStateOptions {
  readonly route: Route;
  readonly groups: readonly GroupState[];
  readonly hedge: HedgeControl | undefined;
  readonly attemptsMax: number;
  readonly waitMaxMs: number;
  readonly longer?: TargetState | undefined;
}

/** A route's chain of groups, and the picks made from it. */
export class RouteState {
  readonly route: Route;
  readonly groups: readonly GroupState[];
  readonly hedge: HedgeControl | undefined;
  /** Attempts per request. */
  readonly attemptsMax: number;
  /** Longest Retry-After waited for. */
  readonly waitMaxMs: number;
  /** Tried after a target whose context was too short. */
  readonly longer: TargetState | undefined;
  readonly #usable: Member[] = [];

  constructor(o: RouteStateOptions) {
    this.route = o.route;
    this.groups = o.groups;
    this.hedge = o.hedge;
    this.attemptsMax = o.attemptsMax;
    this.waitMaxMs = o.waitMaxMs;
    this.longer = o.longer;
  }

  /**
   * The target of the next attempt: the first group with a usable target that was not tried, ordered
   * by its strategy. Targets on their way back take their share; all of it when nothing else is left.
   */
  pick(x: Exchange, tried: Tried, nowMs: number): TargetState | undefined {
    return (
      this.#pickWith(x, tried, { nowMs, ramps: true }) ??
      this.#pickWith(x, tried, { nowMs, ramps: false })
    );
  }

  /** ms until a target that serves the operation may be usable again, as far as is known. */
  waitMs(x: Exchange, nowMs: number): number {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const group of this.groups)
      for (const { state } of group.members)
        if (servesOperation(state.target, x)) soonestMs = Math.min(soonestMs, state.waitMs(nowMs));
    return soonestMs === Number.POSITIVE_INFINITY ? 0 : soonestMs;
  }

  /** ms until the first target that was not tried has rested enough; infinity when none rests. */
  coolWaitMs(x: Exchange, tried: Tried, nowMs: number): number {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const group of this.groups) {
      for (const { state } of group.members) {
        if (tried.hasTried(state) || !servesOperation(state.target, x)) continue;
        soonestMs = Math.min(soonestMs, state.coolWaitMs(nowMs));
      }
    }
    return soonestMs;
  }

  #pickWith(
    x: Exchange,
    tried: Tried,
    o: { nowMs: number; ramps: boolean },
  ): TargetState | undefined {
    const { nowMs } = o;
    const usable = this.#usable;
    for (const group of this.groups) {
      const ramps = o.ramps && !group.strategy.ramps;
      let count = 0;
      for (const member of group.members) {
        const { state } = member;
        if (tried.hasTried(state) || !servesOperation(state.target, x)) continue;
        if (!state.isUsable(nowMs) || (ramps && !state.ramp.admits(nowMs))) continue;
        usable[count++] = member;
      }
      if (count === 0) continue;
      const choice: Choice = { members: usable, count, x, nowMs };
      const picked = count === 1 ? usable[0] : group.strategy.pick(choice);
      if (!picked) continue;
      if (ramps) picked.state.ramp.spend();
      return picked.state;
    }
    return undefined;
  }
}

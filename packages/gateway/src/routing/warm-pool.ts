import type { Logger } from "@loadline/kit/logger";
import type { RoutingMetrics } from "./metrics.ts";
import type { TargetProber } from "./prober.ts";

export interface PoolStatus {
  readonly route: string;
  readonly ready: number;
  readonly min: number;
}

export interface WarmPoolOptions {
  readonly route: { readonly name: string; readonly index: number };
  /** The route's targets in order of preference. */
  readonly probers: readonly TargetProber[];
  readonly min: number;
  readonly metrics: RoutingMetrics;
  readonly logger: Logger;
}

/**
 * Keeps `min` targets of a route ready: the first ones, and for each that fails the next standby,
 * until it is back. A target that is wanted by no pool is cold.
 */
export class WarmPool {
  readonly #o: WarmPoolOptions;
  #isShort = false;

  constructor(o: WarmPoolOptions) {
    this.#o = o;
  }

  get status(): PoolStatus {
    const ready = this.#o.probers.filter((prober) => prober.isReady).length;
    return { route: this.#o.route.name, ready, min: this.#o.min };
  }

  /** The targets it wants warm now: everything up to the `min`-th that has not failed. */
  wanted(): TargetProber[] {
    const { probers, min } = this.#o;
    let usable = 0;
    return probers.filter((prober) => {
      if (usable >= min) return false;
      if (prober.warmth !== "failed") usable++;
      return true;
    });
  }

  /** Says so when it became too small or whole again. */
  report(): void {
    const { route, metrics, logger } = this.#o;
    const { ready, min } = this.status;
    metrics.setPool(route.index, ready, min);
    const isShort = ready < min;
    if (isShort === this.#isShort) return;
    this.#isShort = isShort;
    const fields = { route: route.name, ready, min };
    if (isShort) logger.warn("warm pool below its minimum", fields);
    else logger.info("warm pool whole", fields);
  }
}

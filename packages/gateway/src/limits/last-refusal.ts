import type { Ask, Denial } from "./plan.ts";

/** So long the like of a refused call is refused without the store, us. */
const heldUsMax = 50_000;

/**
 * What the shared store refused last of one plan's calls. A call that asks for just as much is refused
 * the same way for at most 50 ms and never beyond the wait that was told; one that asks for another
 * amount would wait for another time, or pass.
 */
export class LastRefusal {
  #denial: Denial | undefined;
  #tokens = 0;
  #nano = 0;
  #atUs = 0;
  #untilUs = 0;

  keep(denial: Denial, ask: Ask, nowUs: number): void {
    this.#denial = denial;
    this.#tokens = ask.tokens;
    this.#nano = ask.nano;
    this.#atUs = nowUs;
    this.#untilUs = nowUs + Math.min(heldUsMax, denial.waitUs);
  }

  /** Something was given back, or admitted. */
  forget(): void {
    this.#denial = undefined;
  }

  /** What such a call is refused with now, its wait from now on; undefined: the store is asked. */
  of(ask: Ask, nowUs: number): Denial | undefined {
    const denial = this.#denial;
    if (denial === undefined || nowUs >= this.#untilUs) return undefined;
    if (ask.tokens !== this.#tokens || ask.nano !== this.#nano) return undefined;
    return { ...denial, waitUs: Math.max(1, denial.waitUs - (nowUs - this.#atUs)) };
  }
}

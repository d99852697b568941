import type { SharedPart, SharedParts } from "./redis-keys.ts";
import type { Asked } from "./redis-reserves.ts";
import type { SharedDecision, SharedReservation } from "./shared-store.ts";

/** A reservation under way: its parts are asked one after another. */
export class Reserving implements Asked {
  readonly of: SharedReservation;
  readonly resolve: (decision: SharedDecision) => void;
  part: SharedPart;
  text: string;
  readonly #parts: readonly SharedPart[];
  readonly #texts: readonly string[];
  #at = 0;

  /** `texts`: what it wants of each of its parts, of which there is one at least. */
  constructor(
    of: SharedReservation,
    o: {
      readonly parts: SharedParts;
      readonly texts: readonly string[];
      readonly resolve: (decision: SharedDecision) => void;
    },
  ) {
    this.of = of;
    this.resolve = o.resolve;
    this.#parts = o.parts;
    this.#texts = o.texts;
    [this.part] = o.parts;
    this.text = o.texts[0] ?? "";
  }

  /** Parts that were asked before the present one, and with it. */
  get before(): readonly SharedPart[] {
    return this.#parts.slice(0, this.#at);
  }

  get asked(): readonly SharedPart[] {
    return this.#parts.slice(0, this.#at + 1);
  }

  /** Turns to the next part; false when that was the last. */
  goOn(): boolean {
    const next = this.#parts[this.#at + 1];
    if (!next) return false;
    this.#at++;
    this.part = next;
    this.text = this.#texts[this.#at] ?? "";
    return true;
  }
}

import type { LiveFrame } from "../load/types.ts";

/** Half an hour at two frames a second. */
export const framesMax = 3_600;

/** The newest frames in order; older ones are forgotten. */
export class FrameHistory {
  readonly #frames: LiveFrame[] = [];
  #next = 0;

  push(frame: LiveFrame): void {
    if (this.#frames.length < framesMax) this.#frames.push(frame);
    else this.#frames[this.#next] = frame;
    this.#next = (this.#next + 1) % framesMax;
  }

  /** Oldest first. */
  all(): LiveFrame[] {
    if (this.#frames.length < framesMax) return [...this.#frames];
    return [...this.#frames.slice(this.#next), ...this.#frames.slice(0, this.#next)];
  }
}

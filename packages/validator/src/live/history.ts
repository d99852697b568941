import type { LiveFrame } from "../load/types.ts";

/** Half an hour at two frames a second. */
export const framesMax = 3_600;

/** A frame with its place among all frames of the run, from 1. */
export interface NumberedFrame {
  readonly id: number;
  readonly frame: LiveFrame;
}

/** The newest frames in order, each with its number; older ones are forgotten. */
export class FrameHistory {
  readonly #frames: NumberedFrame[] = [];
  #count = 0;

  /** Keeps a frame and answers its number. */
  push(frame: LiveFrame): number {
    const at = this.#count % framesMax;
    this.#count += 1;
    this.#frames[at] = { id: this.#count, frame };
    return this.#count;
  }

  /** Those after number `id`, oldest first; 0: all that are kept. */
  after(id: number): NumberedFrame[] {
    const next = this.#count % framesMax;
    const isFull = this.#frames.length === framesMax;
    const all = isFull
      ? [...this.#frames.slice(next), ...this.#frames.slice(0, next)]
      : this.#frames;
    return all.filter((one) => one.id > id);
  }
}

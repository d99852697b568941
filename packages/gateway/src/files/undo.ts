import type { Clock, Timer } from "@loadline/kit/clock";

const retryMs = 5000;
/** One removal may come before the late upload that it is to undo; two in a row, 5 s apart, count. */
const goodMax = 2;
/** Ten minutes of tries. */
const triesMax = 120;
/** Uploads in doubt at once; one more is given up at once. */
const openMax = 64;

/** How an upload in doubt ended: it is not there, or nobody knows. */
export type UndoEnd = "gone" | "unknown";

export interface UndoDeps {
  readonly clock: Clock;
  /** Ends all tries. */
  readonly signal: AbortSignal;
  /** Removes one object; rejects when the store did not say that it is gone. */
  remove(key: string): Promise<void>;
}

/** Removes uploads of which nobody knows whether the store took them: at most 64 at once. */
export class Undo {
  readonly #deps: UndoDeps;
  readonly #timers = new Map<string, Timer | undefined>();

  constructor(deps: UndoDeps) {
    this.#deps = deps;
    const stop = (): void => {
      for (const timer of this.#timers.values()) timer?.cancel();
      this.#timers.clear();
    };
    deps.signal.addEventListener("abort", stop, { once: true });
  }

  /** Tries every 5 s, at most 120 times; `onEnd` is told once, unless the process ends before. */
  add(key: string, onEnd: (end: UndoEnd) => void): void {
    if (this.#timers.size >= openMax || this.#deps.signal.aborted) {
      onEnd("unknown");
      return;
    }
    this.#timers.set(key, undefined);
    void this.#try(key, onEnd, { tries: 0, good: 0 });
  }

  /** Never rejects: what the store says is counted by the store. */
  async #try(
    key: string,
    onEnd: (end: UndoEnd) => void,
    before: { readonly tries: number; readonly good: number },
  ): Promise<void> {
    const isGood = await this.#deps.remove(key).then(
      () => true,
      () => false,
    );
    if (!this.#timers.has(key)) return;
    const now = { tries: before.tries + 1, good: isGood ? before.good + 1 : 0 };
    if (now.good >= goodMax || now.tries >= triesMax) {
      this.#timers.delete(key);
      onEnd(now.good >= goodMax ? "gone" : "unknown");
      return;
    }
    const again = (): void => void this.#try(key, onEnd, now);
    this.#timers.set(key, this.#deps.clock.after(retryMs, again, { unref: true }));
  }
}

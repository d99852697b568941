import type { Timer } from "@loadline/kit/clock";
import type { Exporter, ExporterHealth, ExporterOptions, SendOutcome } from "./types.ts";

/** An exporter with an empty queue; it starts no timer before the first item. */
export function createExporter<T>(o: ExporterOptions<T>): Exporter<T> {
  return new RingExporter(o);
}

const later: SendOutcome = { kind: "later" };
const closePollMs = 10;

/** Items are numbered; those from `#head` to `#tail` wait, and a batch stays in until it is taken. */
class RingExporter<T> implements Exporter<T> {
  readonly #o: ExporterOptions<T>;
  readonly #ring: (T | undefined)[];
  #head = 0;
  #tail = 0;
  /** Items of the batch at the sink that the full ring pushed out meanwhile. */
  #overrun = 0;
  #abort: AbortController | undefined;
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #restUntilMs = 0;
  #failures = 0;
  #isClosed = false;
  #health: ExporterHealth;

  constructor(o: ExporterOptions<T>) {
    this.#o = o;
    this.#ring = Array.from({ length: o.queueMax }, () => undefined);
    this.#health = { state: "idle", sinceMs: o.clock.wallMs() };
  }

  get depth(): number {
    return this.#tail - this.#head;
  }

  get health(): ExporterHealth {
    return this.#health;
  }

  push(item: T): void {
    if (this.#isClosed) {
      this.#o.onDropped?.(1);
      return;
    }
    if (this.depth === this.#o.queueMax) this.#dropOldest();
    this.#ring[this.#tail % this.#o.queueMax] = item;
    this.#tail++;
    if (this.#abort) return;
    if (this.depth >= this.#o.batchMax) this.#arm(0);
    else if (this.#timer === undefined) this.#arm(this.#o.everyMs);
  }

  async close(withinMs: number): Promise<void> {
    this.#isClosed = true;
    const { clock } = this.#o;
    const endMs = clock.monotonicMs() + withinMs;
    // A sink that failed last is asked once more, not waited for.
    let tries = this.#failures > 0 ? 1 : Number.POSITIVE_INFINITY;
    while (this.depth > 0 && tries > 0 && clock.monotonicMs() < endMs) {
      if (!this.#abort) {
        tries--;
        this.#restUntilMs = 0;
        this.#send();
      }
      await clock.sleep(closePollMs);
    }
    while (this.#abort && clock.monotonicMs() < endMs) await clock.sleep(closePollMs);
    this.#abort?.abort(new Error("the exporter was closed"));
    this.#timer?.cancel();
    const left = this.depth + this.#overrun;
    this.#head = this.#tail;
    this.#overrun = 0;
    if (left > 0) this.#o.onDropped?.(left);
  }

  #dropOldest(): void {
    this.#head++;
    // Whether the batch at the sink has it is known when that ends.
    if (this.#abort) this.#overrun++;
    else this.#o.onDropped?.(1);
  }

  /** Sends in `delayMs`, after a failure not before its wait is over. */
  #arm(delayMs: number): void {
    const nowMs = this.#o.clock.monotonicMs();
    const dueMs = Math.max(nowMs + delayMs, this.#restUntilMs);
    if (this.#timer !== undefined && dueMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    this.#timer = this.#o.clock.after(Math.max(0, dueMs - nowMs), () => this.#send(), {
      unref: true,
    });
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#abort || this.depth === 0) return;
    const from = this.#head;
    const to = Math.min(this.#tail, from + this.#o.batchMax);
    const batch: T[] = [];
    for (let i = from; i < to; i++) {
      const item = this.#ring[i % this.#o.queueMax];
      if (item !== undefined) batch.push(item);
    }
    const abort = new AbortController();
    this.#abort = abort;
    const timer = this.#o.clock.after(
      this.#o.timeoutMs,
      () => abort.abort(new Error("the sink did not answer in time")),
      { unref: true },
    );
    const ended = (outcome: SendOutcome): void => {
      timer.cancel();
      if (this.#abort !== abort) return;
      this.#abort = undefined;
      this.#ended(to, to - from, outcome);
    };
    const gaveUp = new Promise<SendOutcome>((resolve) => {
      abort.signal.addEventListener("abort", () => resolve(later), { once: true });
    });
    // Whatever the sink fails with, it has the batch again later; nothing is lost unseen.
    Promise.race([this.#o.send(batch, abort.signal), gaveUp]).then(ended, () => ended(later));
  }

  #ended(to: number, count: number, outcome: SendOutcome): void {
    const overrun = this.#overrun;
    this.#overrun = 0;
    const isLater = outcome.kind === "later";
    this.#setHealth(isLater ? "down" : "ok");
    if (isLater) {
      if (overrun > 0) this.#o.onDropped?.(overrun);
      this.#rest(outcome.afterMs ?? 0);
    } else {
      this.#failures = 0;
      this.#restUntilMs = 0;
      // What the ring pushed out beyond this batch was dropped unsent.
      const beyond = Math.max(0, this.#head - to);
      this.#head = Math.max(this.#head, to);
      const lost = (outcome.kind === "taken" ? Math.min(outcome.rejected, count) : count) + beyond;
      if (lost > 0) this.#o.onDropped?.(lost);
      const sent = count + beyond - lost;
      if (sent > 0) this.#o.onSent?.(sent);
    }
    if (this.depth > 0 && !this.#isClosed)
      this.#arm(this.depth >= this.#o.batchMax ? 0 : this.#o.everyMs);
  }

  #rest(afterMs: number): void {
    const [first, most] = this.#o.backoffMs;
    const waitMs = Math.min(most, Math.max(afterMs, first * 2 ** Math.min(this.#failures, 16)));
    this.#failures++;
    this.#restUntilMs = this.#o.clock.monotonicMs() + waitMs;
  }

  #setHealth(state: "ok" | "down"): void {
    if (state === this.#health.state) return;
    this.#health = { state, sinceMs: this.#o.clock.wallMs() };
  }
}

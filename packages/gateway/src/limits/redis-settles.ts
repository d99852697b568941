import type { Clock, Timer } from "@loadline/kit/clock";
import { type RedisLink, type Script, scriptOf } from "./redis-link.ts";

/** What one lease used beyond what it had reserved; negative: less. */
export interface Settle {
  /** Key of the open leases that it is one of. */
  readonly leases: string;
  /**
   * Its line for the settle script: the lease's id, nano, us of each token limit and of each request
   * limit that may be given back, as in its record.
   */
  readonly text: string;
}

export interface RedisSettlesDeps {
  readonly clock: Clock;
  readonly link: RedisLink;
  /** Text of the settle script. */
  readonly text: string;
  /** A batch that was sent at `startMs` got no answer; it is kept. */
  readonly onFailure: (startMs: number) => void;
  readonly onDropped: (settles: number) => void;
}

const delayMs = 2;
const batchMax = 100;
const waitingMax = 50_000;
/** An end waits at most so long: after it there is more to store before the process is killed. */
const closeMs = 1000;

/**
 * Settles on their way to Redis: sent in batches after the answers, kept while Redis is away. Each
 * is known by its lease's id, so one that is sent twice counts once.
 */
export class RedisSettles {
  readonly #deps: RedisSettlesDeps;
  readonly #script: Script;
  #waiting: Settle[] = [];
  /** Sent and not answered yet. */
  #underWay = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(deps: RedisSettlesDeps) {
    this.#deps = deps;
    this.#script = scriptOf(deps.text);
  }

  /** Sends it soon when `isUp`, else with the next `send`. */
  add(settle: Settle, isUp: boolean): void {
    if (this.#waiting.length >= waitingMax) {
      this.#deps.onDropped(1);
      return;
    }
    this.#waiting.push(settle);
    if (isUp) this.#timer ??= this.#deps.clock.after(delayMs, () => void this.send());
  }

  /** Sends what waits together with something else that is sent now. */
  sendAlong(): void {
    if (this.#timer && this.#waiting.length > 0) void this.send();
  }

  /** Sends what waits; false when Redis gave no answer to some of it, which is kept. */
  async send(): Promise<boolean> {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, batchMax);
      this.#waiting = this.#waiting.slice(batchMax);
      const byLeases = [...Map.groupBy(batch, ({ leases }) => leases)];
      const sent = await Promise.all(byLeases.map(([key, some]) => this.#sendBatch(key, some)));
      if (sent.includes(false)) return false;
    }
    return true;
  }

  /** Sends what waits once more, when Redis answers, for at most 1 s; the rest is counted as dropped. */
  async close(isUp: boolean): Promise<void> {
    const isSent = isUp ? await this.#sendWithin(closeMs) : true;
    this.#isClosed = true;
    this.#timer?.cancel();
    const dropped = this.#waiting.length + (isSent ? 0 : this.#underWay);
    this.#waiting = [];
    if (dropped > 0) this.#deps.onDropped(dropped);
  }

  /** False when the time is over. */
  async #sendWithin(waitMs: number): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    const timer = this.#deps.clock.after(waitMs, () => late.resolve(false));
    const isSent = await Promise.race([this.send().then(() => true), late.promise]);
    timer.cancel();
    return isSent;
  }

  async #sendBatch(leases: string, batch: readonly Settle[]): Promise<boolean> {
    const startMs = this.#deps.clock.monotonicMs();
    this.#underWay += batch.length;
    const list = [batch.map(({ text }) => text).join("\n")];
    const answer = await this.#deps.link.run(this.#script, [[leases]], list);
    this.#underWay -= batch.length;
    if (answer !== undefined) return true;
    if (this.#isClosed) return false;
    this.#waiting = [...batch, ...this.#waiting];
    this.#deps.onFailure(startMs);
    return false;
  }
}

import { type Clock, monotonicUs, type Timer } from "@loadline/kit/clock";
import type { DependencyHealth } from "../health/dependencies.ts";
import type { LocalStore } from "./local-store.ts";
import { replicasKey } from "./redis-keys.ts";
import { type RedisLink, scriptOf } from "./redis-link.ts";
import { figuresOf } from "./redis-reservation.ts";
import { beatScript } from "./redis-scripts.ts";

export interface RedisPresenceDeps {
  readonly clock: Clock;
  readonly link: Pick<RedisLink, "run" | "isCluster" | "areAllThere">;
  /** Name of this replica, unique among all. */
  readonly replica: string;
  /** Shares of a replica that never saw Redis. */
  readonly replicasMax: number;
  /** Signs of life come six times within it, at least (ms). */
  readonly leaseMs: number;
  readonly local: Pick<LocalStore, "degrade" | "restore" | "hasUntold" | "share">;
  readonly log: (event: string, text: string) => void;
  /** The connection is another one than before. */
  readonly onOther: () => void;
  /** Redis has to be told now what it cannot know. */
  readonly onBack: () => void;
  /** After each look while it is up. */
  readonly onLook: () => void;
}

const failuresMax = 3;
const pingsNeeded = 3;
const pingMs = 500;
const beatMs = 1000;
const forgetUs = 5_000_000;
const beat = scriptOf(beatScript);
const beatKeys = [[replicasKey]];

/**
 * Whether Redis is there, and so who decides.
 *
 * | state     | reserves go to            | leaves                                              |
 * |-----------|---------------------------|-----------------------------------------------------|
 * | up        | Redis                     | -> suspect after a call without an answer in time   |
 * | suspect   | Redis; unanswered: share  | -> up after an answer, -> down after 3 without       |
 * | down      | this replica's share      | -> up after 3 pings 500 ms apart; at first after one |
 *
 * A cluster is up while all its masters answer: one that is away makes it suspect, then down, until
 * its successor is there.
 */
export class RedisPresence {
  readonly #deps: RedisPresenceDeps;
  #state: "up" | "suspect" | "down" = "down";
  #failures = 0;
  #failedMs = Number.NEGATIVE_INFINITY;
  #pings = 0;
  /** Last seen; 0 before Redis was seen at all. */
  #replicas = 0;
  #offsetUs = 0;
  #timer: Timer | undefined;
  #sinceMs: number;
  #latencyMs = 0;
  #isClosed = false;

  /** Until Redis is seen for the first time nobody knows how many replicas there are. */
  constructor(deps: RedisPresenceDeps) {
    this.#deps = deps;
    this.#sinceMs = deps.clock.wallMs();
    deps.local.degrade(deps.replicasMax, monotonicUs(this.#deps.clock), "all");
    this.#plan(pingMs);
  }

  /** False while each replica keeps its own share. */
  get isUp(): boolean {
    return this.#state !== "down";
  }

  /** The last call was answered in time. */
  get isCertain(): boolean {
    return this.#state === "up";
  }

  /** Redis' clock minus ours, us. */
  get offsetUs(): number {
    return this.#offsetUs;
  }

  /** For /health: the component, since when, and how long the last look took. */
  health(): DependencyHealth {
    const state = this.#state === "up" ? "ok" : this.#state === "suspect" ? "degraded" : "down";
    return { state, sinceMs: this.#sinceMs, latencyMs: this.#latencyMs };
  }

  /** There is a connection. */
  onReady(isFirst: boolean): void {
    if (this.#isClosed) return;
    if (isFirst) {
      void this.#look();
      return;
    }
    this.#deps.onOther();
    if (this.isUp) this.#deps.onBack();
  }

  /** A call was answered at Redis' time `redisUs`; it saw so many replicas, or 0 where none are told. */
  onAnswer(redisUs: number, replicas: number): void {
    // Of a cluster only the look at every master says that it is there.
    if (!this.#deps.link.isCluster) this.#onSuccess();
    this.#offsetUs = redisUs - monotonicUs(this.#deps.clock);
    if (replicas > 0) this.#replicas = replicas;
  }

  /** Calls that were under way together when one went unanswered count as one failure. */
  onFailure(startMs: number): void {
    const { clock, local, log } = this.#deps;
    if (startMs >= this.#failedMs) {
      this.#failures++;
      this.#failedMs = clock.monotonicMs();
    }
    this.#pings = 0;
    if (this.#state === "up") {
      this.#become("suspect");
      local.degrade(Math.max(1, this.#replicas), monotonicUs(this.#deps.clock), "recent");
    }
    if (this.#state !== "suspect" || this.#failures < failuresMax) return;
    this.#become("down");
    local.degrade(Math.max(1, this.#replicas), monotonicUs(this.#deps.clock), "none");
    log("limits.degraded", `each limit holds for 1/${local.share}`);
    this.#plan(pingMs);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #onSuccess(): void {
    this.#failures = 0;
    if (this.#state === "suspect") this.#comeBack();
  }

  #comeBack(): void {
    this.#deps.onBack();
    this.#become("up");
    this.#failures = 0;
    this.#deps.local.restore();
  }

  #become(state: "up" | "suspect" | "down"): void {
    this.#state = state;
    this.#sinceMs = this.#deps.clock.wallMs();
  }

  async #look(): Promise<void> {
    const { clock, leaseMs, onLook } = this.#deps;
    this.#timer?.cancel();
    const startMs = clock.monotonicMs();
    const figures = await this.#askAll();
    this.#latencyMs = clock.monotonicMs() - startMs;
    if (this.#isClosed) return;
    if (figures) this.#seen(figures);
    else this.onFailure(startMs);
    if (this.#state === "up") onLook();
    this.#plan(this.#state === "up" ? Math.min(beatMs, leaseMs / 6) : pingMs);
  }

  #seen(figures: readonly number[]): void {
    const { local, log, onBack } = this.#deps;
    const isFirst = this.#replicas === 0;
    this.#replicas = Math.max(1, figures[1] ?? 1);
    this.#offsetUs = (figures[0] ?? 0) - monotonicUs(this.#deps.clock);
    // A call may have been decided here just when another one's answer had brought us back.
    if (this.#state === "up" && local.hasUntold) onBack();
    if (this.#state !== "down") this.#onSuccess();
    else if (++this.#pings >= pingsNeeded || isFirst) {
      this.#comeBack();
      log("limits.shared", `with ${this.#replicas} replicas`);
    }
  }

  /** Our sign of life, and its answer; of a cluster none unless every master has answered. */
  async #askAll(): Promise<readonly number[] | undefined> {
    const { link, replica } = this.#deps;
    const [answer, isWhole] = await Promise.all([
      link.run(beat, beatKeys, [replica, forgetUs]),
      link.isCluster ? (link.areAllThere?.() ?? true) : true,
    ]);
    return isWhole ? figuresOf(answer) : undefined;
  }

  #plan(delayMs: number): void {
    this.#timer?.cancel();
    if (this.#isClosed) return;
    this.#timer = this.#deps.clock.after(delayMs, () => void this.#look(), { unref: true });
  }
}

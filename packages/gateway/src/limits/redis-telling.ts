import { type Clock, monotonicUs } from "@loadline/kit/clock";
import type { KeyLists } from "../redis/written-calls.ts";
import type { LocalStore } from "./local-store.ts";
import type { LeaseList } from "./open-lease.ts";
import { sharedParts, tagOf } from "./redis-keys.ts";
import { type RedisLink, type Script, scriptOf } from "./redis-link.ts";
import { adoptionOf, Batches, type Offset, restoreOf, type Told } from "./redis-rejoin.ts";
import { adoptScript, restoreScript } from "./redis-scripts.ts";
import type { RedisSettles } from "./redis-settles.ts";

export interface RedisTellingDeps {
  readonly clock: Clock;
  readonly link: Pick<RedisLink, "run" | "isCluster">;
  readonly local: LocalStore;
  readonly leases: LeaseList;
  /** A lease that is not told of for so long returns by itself (ms). */
  readonly leaseMs: number;
  /** What is to be given back goes first. */
  readonly settles: Pick<RedisSettles, "send">;
  /** What was sent at `startMs` got no answer. */
  readonly onFailure: (startMs: number) => void;
}

const adoptBatch = 100;
const restoreBatch = 200;

const restore = { ...scriptOf(restoreScript), isWhole: true };
const adopt = { ...scriptOf(adoptScript), isWhole: true };

/** What Redis cannot know by itself, as this replica tells it. */
export class RedisTelling {
  readonly #deps: RedisTellingDeps;
  #renewedMs = 0;
  /** Connected anew since it was last told what it cannot know: it may have forgotten the rest. */
  #isOther = false;

  constructor(deps: RedisTellingDeps) {
    this.#deps = deps;
  }

  /** The next connection may lead to a server that knows less. */
  onOther(): void {
    this.#isOther = true;
  }

  /**
   * What is to be given back, TATs, money, open leases; `offsetUs`: Redis' clock minus ours. Nothing is
   * awaited: one connection keeps the order, so every later call finds it done.
   */
  tellAll(offsetUs: number): void {
    const { local, settles } = this.#deps;
    void settles.send();
    const offset = this.#offset(offsetUs);
    this.#isOther = false;
    local.hasUntold = false;
    const limiters = new Batches<Told & { key: string }>(restoreBatch, (_, told) => {
      const list = told.flatMap((one) => one.list);
      const onLost = (): void => {
        this.#isOther ||= offset.isOther;
        local.hasUntold = true;
        for (const one of told) one.undo();
      };
      this.#send(restore, { keys: [told.map(({ key }) => key)], list, onLost });
    });
    for (const bucket of local.table.all()) {
      const told = restoreOf(bucket, offset);
      if (told) limiters.add(this.#slotOf(bucket.key), { ...told, key: bucket.key });
    }
    limiters.end();
    this.#tellLeases(offset);
  }

  /** Three times within a lease's life, so that a lost call or two ends none. */
  renew(offsetUs: number): void {
    const sinceMs = this.#deps.clock.monotonicMs() - this.#renewedMs;
    if (sinceMs >= this.#deps.leaseMs / 3) this.#tellLeases(this.#offset(offsetUs));
  }

  /** Open leases are told again: one that is known lives on, one that was lost is known again. */
  #tellLeases(offset: Offset): void {
    const { clock, leases, link } = this.#deps;
    this.#renewedMs = clock.monotonicMs();
    const open = new Batches<readonly (string | number)[]>(adoptBatch, (key, lists) =>
      this.#send(adopt, { keys: [[key]], list: lists.flat() }),
    );
    for (let lease = leases.first; lease; lease = lease.after) {
      if (lease.keeper === "local" || lease.keeper === "ahead") continue;
      for (const part of sharedParts(lease.plan, link.isCluster === true)) {
        const list = adoptionOf(lease, part, offset);
        if (list) open.add(part.leases, list);
      }
      if (lease.keeper === "degraded") lease.keeper = "shared";
    }
    open.end();
  }

  #slotOf(key: string): string {
    return this.#deps.link.isCluster ? tagOf(key) : "";
  }

  #offset(offsetUs: number): Offset {
    const { clock, leaseMs } = this.#deps;
    const nowUs = monotonicUs(clock);
    return { offsetUs, nowUs, ttlMaxUs: leaseMs * 1000, isOther: this.#isOther };
  }

  #send(
    script: Script,
    o: {
      readonly keys: KeyLists;
      readonly list: readonly (string | number)[];
      readonly onLost?: () => void;
    },
  ): void {
    const startMs = this.#deps.clock.monotonicMs();
    void this.#deps.link.run(script, o.keys, o.list, o.onLost).then((answer) => {
      if (answer === undefined) this.#deps.onFailure(startMs);
    });
  }
}

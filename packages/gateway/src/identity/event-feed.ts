import type { Clock, Timer } from "@loadline/kit/clock";
import type { Repositories } from "../state/repositories.ts";
import type { AuthEventRow } from "../state/rows.ts";
import type { Evicted, StoreView } from "./authenticator.ts";
import { loadlineCode } from "./codes.ts";

/** What changed since the last look. */
export interface FeedChange extends Evicted {
  /** True when keys may be good now that were refused before. */
  readonly hasNewlyGood: boolean;
  /** Keys, owners and tenants that are gone: what runs for them ends. */
  readonly ended: Evicted;
}

export interface EventFeedDeps {
  readonly events: Pick<Repositories["events"], "after" | "lastSeq">;
  readonly clock: Clock;
  onChange(change: FeedChange): void;
  /** The store did not answer, or answers again. */
  onState(isDown: boolean): void;
  /** Something else than the store failed. */
  onFault(cause: unknown): void;
}

export interface EventFeed extends StoreView {
  /** Seconds since the last answer. */
  lagSeconds(): number;
  /** Looks once now; for tests and for changes made in this process. */
  poll(): Promise<void>;
  close(): void;
}

const pollMs = 250;
const eventsMax = 1000;

const endKinds = new Set(["key.revoked", "user.disabled", "tenant.disabled"]);
const beginKinds = new Set(["key.created", "user.enabled", "tenant.enabled"]);

/**
 * Reads the events of all nodes every 250 ms from `fromSeq` on. One question at a time; while the
 * store does not answer `isDown` is true and the feed goes on where it was.
 */
export function createEventFeed(deps: EventFeedDeps, fromSeq: number): EventFeed {
  return new PollingFeed(deps, fromSeq);
}

class PollingFeed implements EventFeed {
  isDown = false;
  lastAnswerMs: number;
  readonly #deps: EventFeedDeps;
  #seq: number;
  #timer: Timer | undefined;
  #isClosed = false;
  #polling: Promise<void> | undefined;

  constructor(deps: EventFeedDeps, fromSeq: number) {
    this.#deps = deps;
    this.#seq = fromSeq;
    this.lastAnswerMs = deps.clock.monotonicMs();
    this.#schedule();
  }

  lagSeconds(): number {
    return (this.#deps.clock.monotonicMs() - this.lastAnswerMs) / 1000;
  }

  poll(): Promise<void> {
    this.#polling ??= this.#poll().finally(() => void (this.#polling = undefined));
    return this.#polling;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    const run = (): void => void this.poll().finally(() => this.#schedule());
    this.#timer = this.#deps.clock.after(pollMs, run, { unref: true });
  }

  async #poll(): Promise<void> {
    try {
      for (;;) {
        const rows = await this.#deps.events.after(this.#seq, eventsMax);
        this.lastAnswerMs = this.#deps.clock.monotonicMs();
        this.#setDown(false);
        if (rows.length > 0) this.#apply(rows);
        if (rows.length < eventsMax || this.#isClosed) return;
      }
    } catch (cause) {
      if (this.#isClosed) return;
      this.#setDown(true);
      if (loadlineCode(cause) !== "LL_STATE_UNAVAILABLE") this.#deps.onFault(cause);
    }
  }

  #apply(rows: readonly AuthEventRow[]): void {
    const change = changeOf(rows);
    this.#seq = rows.at(-1)?.seq ?? this.#seq;
    this.#deps.onChange(change);
  }

  #setDown(isDown: boolean): void {
    if (isDown === this.isDown) return;
    this.isDown = isDown;
    this.#deps.onState(isDown);
  }
}

function changeOf(rows: readonly AuthEventRow[]): FeedChange {
  const touched = emptyIds();
  const ended = emptyIds();
  let hasNewlyGood = false;
  for (const { kind, subjectId } of rows) {
    add(touched, kind, subjectId);
    if (endKinds.has(kind)) add(ended, kind, subjectId);
    if (beginKinds.has(kind)) hasNewlyGood = true;
  }
  return { ...touched, hasNewlyGood, ended };
}

interface Ids {
  readonly keys: Set<string>;
  readonly owners: Set<string>;
  readonly tenants: Set<string>;
}

function emptyIds(): Ids {
  return { keys: new Set(), owners: new Set(), tenants: new Set() };
}

/** `key.*` is about a key, `tenant.*` about a tenant, `user.* role.* grant.*` about a user. */
function add(ids: Ids, kind: string, id: string): void {
  const area = kind.slice(0, kind.indexOf("."));
  if (area === "key") ids.keys.add(id);
  else if (area === "tenant") ids.tenants.add(id);
  else if (area === "user" || area === "role" || area === "grant") ids.owners.add(id);
}

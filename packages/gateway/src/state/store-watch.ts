import type { Clock, Timer } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { StoreHealth } from "./store.ts";

const okEveryMs = 1000;
const notOkEveryMs = 250;
const slowMs = 250;
/**
 * A store whose calls fail and whose pings do not is no better for the pings. Who tries again each
 * second, with a call that may take another, fails again within it.
 */
const doubtMs = 2500;
/** Beyond it the ends of keys and periods of budgets are others here than at the store. */
const skewMsMax = 60_000;

export interface StoreWatchDeps {
  readonly clock: Clock;
  readonly ping: () => Promise<Pong>;
  /** A ping that takes longer has failed. */
  readonly pingMs: number;
}

/** What a round trip brings back. */
export interface Pong {
  /** The store's wall-clock ms, where it has a clock of its own. */
  readonly storeMs?: number | undefined;
  /** Why a store that answers is not as it has to be. */
  readonly code?: string;
}

export interface StoreWatch {
  health(): StoreHealth;
  onHealth(run: (health: StoreHealth) => void): void;
  /** A call failed because the store did not answer: it is asked at once whether it is there. */
  onFailure(code: string): void;
  close(): void;
}

/**
 * Knows whether a store is there: pings it each second, and each 250 ms while it is not ok. A ping
 * that fails or takes `pingMs` makes it down, a good one makes it ok again when no call has failed for
 * 2.5 s, a slow one, one that says why, or a clock more than 60 s off ours, degraded.
 */
export function createStoreWatch({ clock, ping, pingMs }: StoreWatchDeps): StoreWatch {
  let health: StoreHealth = { state: "ok", sinceMs: clock.wallMs(), latencyMs: 0 };
  const listeners: ((health: StoreHealth) => void)[] = [];
  let timer: Timer | undefined;
  let failed = { atMs: Number.NEGATIVE_INFINITY, code: "" };
  let isAsking = false;
  let isClosed = false;

  const become = (state: StoreHealth["state"], latencyMs: number, code?: string): void => {
    const isChange = state !== health.state;
    const sinceMs = isChange ? clock.wallMs() : health.sinceMs;
    health = { state, sinceMs, latencyMs, ...(code !== undefined && { code }) };
    if (isChange) for (const run of listeners) run(health);
  };
  const plan = (): void => {
    if (isClosed) return;
    const everyMs = health.state === "ok" ? okEveryMs : notOkEveryMs;
    timer = clock.after(everyMs, () => void ask(), { unref: true });
  };
  const ask = async (): Promise<void> => {
    if (isAsking || isClosed) return;
    isAsking = true;
    timer?.cancel();
    const startMs = clock.monotonicMs();
    const answer = await answerOf({ clock, ping, pingMs });
    const tookMs = clock.monotonicMs() - startMs;
    isAsking = false;
    if (isClosed) return;
    const { isThere, code, storeMs } = answer;
    if (!isThere) become("down", tookMs, code);
    else if (code !== undefined) become("degraded", tookMs, code);
    else if (isSkewed(storeMs, clock.wallMs(), tookMs)) become("degraded", tookMs, "LL_CLOCK_SKEW");
    else if (tookMs > slowMs) become("degraded", tookMs);
    else if (clock.monotonicMs() - failed.atMs < doubtMs) become("degraded", tookMs, failed.code);
    else become("ok", tookMs);
    plan();
  };
  plan();
  return {
    health: () => health,
    onHealth: (run) => void listeners.push(run),
    onFailure(code) {
      failed = { atMs: clock.monotonicMs(), code };
      if (health.state === "ok") become("degraded", health.latencyMs, code);
      void ask();
    },
    close() {
      isClosed = true;
      timer?.cancel();
    },
  };
}

/** Whether the store told its time too far from ours, wherever within the round trip it did. */
function isSkewed(storeMs: number | undefined, wallMs: number, tookMs: number): boolean {
  if (storeMs === undefined) return false;
  return storeMs - wallMs > skewMsMax || wallMs - tookMs - storeMs > skewMsMax;
}

interface Answer extends Pong {
  /** False for a ping that failed or took too long; then `code` says why. */
  readonly isThere: boolean;
}

function answerOf({ clock, ping, pingMs }: StoreWatchDeps): Promise<Answer> {
  return new Promise((resolve) => {
    const away = (code = "LL_STATE_UNAVAILABLE"): Answer => ({ isThere: false, code });
    const late = clock.after(pingMs, () => resolve(away()));
    const settle = (answer: Answer): void => {
      late.cancel();
      resolve(answer);
    };
    ping().then(
      (pong) => settle({ isThere: true, ...pong }),
      (cause: unknown) => settle(away(cause instanceof LoadlineError ? cause.code : undefined)),
    );
  });
}

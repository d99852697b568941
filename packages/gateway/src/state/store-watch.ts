import type { Clock, Timer } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { StoreHealth } from "./store.ts";

const okEveryMs = 1000;
const notOkEveryMs = 250;
const slowMs = 250;
/** Beyond it the ends of keys and periods of budgets are others here than at the store. */
const skewMsMax = 60_000;

export interface StoreWatchDeps {
  readonly clock: Clock;
  /** One round trip; gives the store's wall-clock ms where it has a clock of its own. */
  readonly ping: () => Promise<number | undefined>;
  /** A ping that takes longer has failed. */
  readonly pingMs: number;
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
 * that fails or takes `pingMs` makes it down, a good one makes it ok again, a slow one, or a clock more
 * than 60 s off ours, degraded.
 */
export function createStoreWatch({ clock, ping, pingMs }: StoreWatchDeps): StoreWatch {
  let health: StoreHealth = { state: "ok", sinceMs: clock.wallMs(), latencyMs: 0 };
  const listeners: ((health: StoreHealth) => void)[] = [];
  let timer: Timer | undefined;
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
    const { code, storeMs } = answer;
    if (code !== undefined) become("down", tookMs, code);
    else if (isSkewed(storeMs, clock.wallMs(), tookMs)) become("degraded", tookMs, "LL_CLOCK_SKEW");
    else if (tookMs > slowMs) become("degraded", tookMs);
    else become("ok", tookMs);
    plan();
  };
  plan();
  return {
    health: () => health,
    onHealth: (run) => void listeners.push(run),
    onFailure(code) {
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

interface Answer {
  /** Why the ping failed or took too long; undefined when it came back. */
  readonly code?: string;
  readonly storeMs?: number | undefined;
}

function answerOf({ clock, ping, pingMs }: StoreWatchDeps): Promise<Answer> {
  return new Promise((resolve) => {
    const late = clock.after(pingMs, () => resolve({ code: "LL_STATE_UNAVAILABLE" }));
    const settle = (answer: Answer): void => {
      late.cancel();
      resolve(answer);
    };
    ping().then(
      (storeMs) => settle({ storeMs }),
      (cause: unknown) =>
        settle({ code: cause instanceof LoadlineError ? cause.code : "LL_STATE_UNAVAILABLE" }),
    );
  });
}

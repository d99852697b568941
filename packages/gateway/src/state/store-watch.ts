import type { Clock, Timer } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import type { StoreHealth } from "./store.ts";

const okEveryMs = 1000;
const notOkEveryMs = 250;
const slowMs = 250;

export interface StoreWatchDeps {
  readonly clock: Clock;
  /** One round trip. */
  readonly ping: () => Promise<void>;
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
 * that fails or takes `pingMs` makes it down, a good one makes it ok again, a slow one degraded.
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
    const code = await failureOf({ clock, ping, pingMs });
    const tookMs = clock.monotonicMs() - startMs;
    isAsking = false;
    if (isClosed) return;
    if (code !== undefined) become("down", tookMs, code);
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

/** The code of a ping that failed or took too long; undefined when it came back. */
function failureOf({ clock, ping, pingMs }: StoreWatchDeps): Promise<string | undefined> {
  return new Promise((resolve) => {
    const late = clock.after(pingMs, () => resolve("LL_STATE_UNAVAILABLE"));
    const settle = (code: string | undefined): void => {
      late.cancel();
      resolve(code);
    };
    ping().then(
      () => settle(undefined),
      (cause: unknown) =>
        settle(cause instanceof LoadlineError ? cause.code : "LL_STATE_UNAVAILABLE"),
    );
  });
}

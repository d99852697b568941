import { createHash } from "node:crypto";
import type { Clock, Timer } from "@loadline/kit/clock";
import type { Redis } from "ioredis";

/** A Lua script with its digest. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** One connection to Redis or Valkey, on which every call has a time limit. */
export interface RedisLink {
  /**
   * Runs a script, by its digest when Redis knows it. Resolves to undefined when no answer came in
   * time; `late` is told when it comes after all.
   */
  run(
    script: Script,
    keys: readonly string[],
    rest: readonly (string | number)[],
    late?: (answer: unknown) => void,
  ): Promise<unknown>;
  close(): void;
}

const reconnectMs = 250;
/** The loop was blocked: answers may lie in the socket unread. */
const lateMs = 5;
const graceMs = 3;

export function scriptOf(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

interface Waiting {
  readonly deadlineMs: number;
  isDone: boolean;
  readonly onTimeout: () => void;
}

/** What a link needs besides where to connect to. */
export interface LinkEvents {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly onReady: (isFirst: boolean) => void;
  readonly onFault: (text: string) => void;
}

interface LinkOptions extends LinkEvents {
  readonly url: string;
}

/** Loads the driver, which costs a start without Redis nothing, and connects. */
function connectRedis(o: LinkOptions): { redis(): Redis | undefined; close(): void } {
  let redis: Redis | undefined;
  let isFirst = true;
  let isClosed = false;
  const connect = async (): Promise<void> => {
    const driver = await import("ioredis");
    if (isClosed) return;
    redis = new driver.Redis(o.url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: 1000,
      retryStrategy: () => reconnectMs,
    });
    redis.on("ready", () => {
      o.onReady(isFirst);
      isFirst = false;
    });
    redis.on("error", (cause: Error) => o.onFault(cause.message));
  };
  connect().catch((cause: unknown) => o.onFault(String(cause)));
  return {
    redis: () => redis,
    close() {
      isClosed = true;
      redis?.disconnect();
    },
  };
}

/** Connects at once and for ever; `onReady` is told of each connection. */
export function openRedis(o: LinkOptions): RedisLink {
  const { clock, timeoutMs } = o;
  const connection = connectRedis(o);
  const waiting = createDeadlines(clock);
  const evaluate = async (
    script: Script,
    keys: readonly string[],
    rest: readonly (string | number)[],
  ): Promise<unknown> => {
    const redis = connection.redis();
    if (!redis) throw new Error("not connected yet");
    try {
      return await redis.call("EVALSHA", script.sha, keys.length, ...keys, ...rest);
    } catch (cause) {
      if (!(cause instanceof Error) || !cause.message.startsWith("NOSCRIPT")) throw cause;
      return await redis.call("EVAL", script.text, keys.length, ...keys, ...rest);
    }
  };
  return {
    run(script, keys, rest, late) {
      return new Promise((resolve) => {
        const entry: Waiting = {
          deadlineMs: clock.monotonicMs() + timeoutMs,
          isDone: false,
          onTimeout: () => resolve(undefined),
        };
        waiting.add(entry);
        evaluate(script, keys, rest).then(
          (answer) => {
            if (entry.isDone) late?.(answer);
            entry.isDone = true;
            resolve(answer);
          },
          (cause: unknown) => {
            entry.isDone = true;
            o.onFault(cause instanceof Error ? cause.message : String(cause));
            resolve(undefined);
          },
        );
      });
    },
    close() {
      waiting.close();
      connection.close();
    },
  };
}

interface Deadlines {
  add(entry: Waiting): void;
  close(): void;
}

/** Deadlines that all lie equally far ahead: one timer, for the oldest that is not done. */
function createDeadlines(clock: Clock): Deadlines {
  let queue: Waiting[] = [];
  let timer: Timer | undefined;
  let isGrace = false;
  const arm = (delayMs: number): void => {
    timer = clock.after(delayMs, tick, { unref: true });
  };
  const tick = (): void => {
    timer = undefined;
    const nowMs = clock.monotonicMs();
    const first = queue.find((entry) => !entry.isDone);
    if (first && nowMs - first.deadlineMs > lateMs && !isGrace) {
      isGrace = true;
      arm(graceMs);
      return;
    }
    isGrace = false;
    for (const entry of queue) {
      if (entry.isDone || entry.deadlineMs > nowMs) continue;
      entry.isDone = true;
      entry.onTimeout();
    }
    queue = queue.filter((entry) => !entry.isDone);
    const next = queue[0];
    if (next && !timer) arm(Math.max(1, next.deadlineMs - nowMs));
  };
  return {
    add(entry) {
      queue.push(entry);
      if (!timer) arm(Math.max(1, entry.deadlineMs - clock.monotonicMs()));
    },
    close: () => timer?.cancel(),
  };
}

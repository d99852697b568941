import { createHash } from "node:crypto";
import type { Clock, Timer } from "@loadline/kit/clock";
import type { RedisStoreConfig } from "../redis/config.ts";
import { connectRedis } from "../redis/connect.ts";

/** A Lua script with its digest. */
export interface Script {
  readonly text: string;
  readonly sha: string;
  /** Always sent as text: a server that does not know it yet would let later calls overtake it. */
  readonly isWhole?: boolean;
}

/** One connection to Redis or Valkey, on which every call has a time limit. */
export interface RedisLink {
  /**
   * Runs a script, by its digest when Redis knows it. Resolves to undefined when no answer came in
   * time: it runs yet, unless `onLost` is told, now or later, that its connection broke before.
   */
  run(
    script: Script,
    keys: readonly string[],
    rest: readonly (string | number)[],
    onLost?: () => void,
  ): Promise<unknown>;
  /** Keys of different hash tags may lie on different servers, each of which can be away. */
  readonly isCluster?: boolean;
  /** Of a cluster: whether every master answers in time. */
  areAllThere?(): Promise<boolean>;
  close(): void;
}

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
  readonly to: RedisStoreConfig;
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
    const list = [keys.length, ...keys, ...rest];
    if (script.isWhole) return connection.call("EVAL", [script.text, ...list]);
    try {
      return await connection.call("EVALSHA", [script.sha, ...list]);
    } catch (cause) {
      if (!(cause instanceof Error) || !cause.message.startsWith("NOSCRIPT")) throw cause;
      return await connection.call("EVAL", [script.text, ...list]);
    }
  };
  /** What `ask` resolves to, or undefined when it fails or takes too long. */
  const inTime = (ask: () => Promise<unknown>, onLost?: () => void): Promise<unknown> =>
    new Promise((resolve) => {
      const entry: Waiting = {
        deadlineMs: clock.monotonicMs() + timeoutMs,
        isDone: false,
        onTimeout: () => resolve(undefined),
      };
      waiting.add(entry);
      ask().then(
        (answer) => {
          entry.isDone = true;
          resolve(answer);
        },
        (cause: unknown) => {
          entry.isDone = true;
          o.onFault(cause instanceof Error ? cause.message : String(cause));
          onLost?.();
          resolve(undefined);
        },
      );
    });
  return {
    isCluster: connection.isCluster,
    run: (script, keys, rest, onLost) => inTime(() => evaluate(script, keys, rest), onLost),
    areAllThere: async () =>
      (await inTime(async () => (await connection.pingAll(), true))) !== undefined,
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

import { createHash } from "node:crypto";
import type { Clock } from "@loadline/kit/clock";
import type { RedisStoreConfig } from "../redis/config.ts";
import { connectRedis, type RedisConnection } from "../redis/connect.ts";
import { type KeyLists, WrittenCalls } from "../redis/written-calls.ts";
import { createDeadlines, Waiting } from "./deadlines.ts";

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
    keys: KeyLists,
    rest: readonly (string | number)[],
    onLost?: () => void,
  ): Promise<unknown>;
  /** Calls `send` once, when what came in with this turn of the event loop has been looked at. */
  gather(send: () => void): void;
  /** Keys of different hash tags may lie on different servers, each of which can be away. */
  readonly isCluster?: boolean;
  /** Of a cluster: whether every master answers in time. */
  areAllThere?(): Promise<boolean>;
  close(): void;
}

export function scriptOf(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
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
  const written = new WrittenCalls();
  const waiting = createDeadlines(clock);
  const whole: Evaluate = (script, keys, rest) =>
    connection.call("EVAL", [script.text, ...counted(keys), ...rest]);
  const known: Evaluate = (script, keys, rest) =>
    connection.isCluster
      ? connection.call("EVALSHA", [script.sha, ...counted(keys), ...rest])
      : connection.send("evalsha", written.of(script, keys, rest));
  /** Ends the call with what `ask` resolves to, or with undefined when it fails or takes too long. */
  const inTime = (
    ask: () => Promise<unknown>,
    onFailed: (cause: unknown, entry: Waiting) => void,
  ): Promise<unknown> =>
    new Promise((resolve) => {
      const entry = new Waiting(clock.monotonicMs() + timeoutMs, resolve);
      waiting.add(entry);
      ask().then(
        (answer) => entry.end(answer),
        (cause: unknown) => onFailed(cause, entry),
      );
    });
  const lost = (cause: unknown, entry: Waiting, onLost?: () => void): void => {
    o.onFault(cause instanceof Error ? cause.message : String(cause));
    onLost?.();
    entry.end(undefined);
  };
  return {
    isCluster: connection.isCluster,
    run: (script, keys, rest, onLost) =>
      inTime(
        () => (script.isWhole ? whole : known)(script, keys, rest),
        (cause, entry) => {
          if (!isUnknown(cause)) return lost(cause, entry, onLost);
          return void whole(script, keys, rest).then(
            (answer) => entry.end(answer),
            (second: unknown) => lost(second, entry, onLost),
          );
        },
      ),
    gather: (send) => void setImmediate(send),
    areAllThere: async () => (await inTime(() => pinged(connection), lost)) !== undefined,
    close() {
      waiting.close();
      connection.close();
    },
  };
}

type Evaluate = (
  script: Script,
  keys: KeyLists,
  rest: readonly (string | number)[],
) => Promise<unknown>;

/** Keys behind their number. */
function counted(keys: KeyLists): readonly (string | number)[] {
  const all = keys.flat();
  return [all.length, ...all];
}

/** A server that was started anew does not know the script yet. */
const isUnknown = (cause: unknown): boolean =>
  cause instanceof Error && cause.message.startsWith("NOSCRIPT");

async function pinged(connection: RedisConnection): Promise<true> {
  await connection.pingAll();
  return true;
}

import type { Clock } from "@loadline/kit/clock";
import { LoadlineError } from "@loadline/kit/errors";
import { CamelCasePlugin, type Dialect, Kysely } from "kysely";
import { gatewayErrors } from "../../errors.ts";
import { createStoreWatch, type Pong } from "../store-watch.ts";
import type { Store, StoreConnections, StoreTimes } from "../store.ts";
import type { Asking, Database, Db } from "./database.ts";
import { sqlRepositories } from "./repositories.ts";

const callsMax = 10_000;
/** A server that does not answer a goodbye is left. */
const closeMs = 2000;

export interface SqlParts {
  readonly kind: Store["kind"];
  readonly path?: Store["path"];
  readonly clock: Clock;
  /** Its driver throws the store's codes only. */
  readonly dialect: Dialect;
  /** For reads of few rows; the same dialect when there is no faster way. */
  readonly quick?: Dialect;
  /** One round trip; `isDoubtful` asks for the whole way, a write included. */
  ping(isDoubtful: boolean): Promise<Pong>;
  connections(): StoreConnections;
  readonly times?: StoreTimes | undefined;
  /** Whether a call to a store that is down is refused without asking it. */
  readonly failsFast: boolean;
  /** Bound of a call and of a transaction, waiting included. */
  readonly callMs: number;
  /** A ping that takes longer makes the store down. */
  readonly pingMs: number;
}

/** A store over a dialect whose schema is in place. */
export function sqlStore(parts: SqlParts): Store {
  const { clock, kind, callMs, pingMs } = parts;
  const plugins = [new CamelCasePlugin()];
  const db = new Kysely<Database>({ dialect: parts.dialect, plugins });
  const quickDb = parts.quick ? new Kysely<Database>({ dialect: parts.quick, plugins }) : db;
  const watch = createStoreWatch({
    clock,
    pingMs,
    ping: () => parts.ping(watch.health().state !== "ok"),
  });
  let calls = 0;
  let isClosing = false;
  let onIdle: () => void = () => undefined;

  /** Bounded in time and number, with the store's codes. */
  const gate = async <T>(run: (call: Call) => Promise<T>): Promise<T> => {
    if (isClosing) throw unavailable("the store is closed");
    if (parts.failsFast && watch.health().state === "down") throw unavailable("it is down");
    if (calls >= callsMax) throw unavailable(`${callsMax} calls are under way`);
    calls += 1;
    try {
      return await bounded(parts, run);
    } catch (cause) {
      if (cause instanceof LoadlineError && cause.code === "LL_STATE_UNAVAILABLE")
        watch.onFailure(cause.code);
      throw cause;
    } finally {
      calls -= 1;
      if (calls === 0) onIdle();
    }
  };
  const within = <T>(run: (trx: Db) => Promise<T>): Promise<T> =>
    gate((call) =>
      db.transaction().execute(async (trx) => {
        const value = await run(trx);
        // Its caller was told that it failed: nothing of it may be kept.
        if (call.isLate) throw unavailable("the transaction took too long");
        return value;
      }),
    );
  const asking: Asking = {
    quick: (run) => gate(() => run(quickDb)),
    ask: (run) => gate(() => run(db)),
    together: within,
  };
  const joined = (trx: Db): Asking => {
    const call = <T>(run: (db: Db) => Promise<T>): Promise<T> => run(trx);
    return { quick: call, ask: call, together: call };
  };
  const close = async (): Promise<void> => {
    isClosing = true;
    watch.close();
    const idle = new Promise<void>((resolve) => (onIdle = resolve));
    if (calls > 0) await atMost(clock, callMs, idle);
    const all = quickDb === db ? [db] : [db, quickDb];
    await atMost(clock, closeMs, Promise.all(all.map((one) => one.destroy())));
  };
  return {
    kind,
    path: parts.path,
    repositories: sqlRepositories(asking),
    transaction: (run) => within((trx) => run(sqlRepositories(joined(trx)))),
    health: watch.health,
    onHealth: watch.onHealth,
    connections: parts.connections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Call {
  isLate: boolean;
}

function bounded<T>(
  { clock, callMs, times }: Pick<SqlParts, "clock" | "callMs" | "times">,
  run: (call: Call) => Promise<T>,
): Promise<T> {
  const startMs = clock.monotonicMs();
  const answer = new Promise<T>((resolve, reject) => {
    const call: Call = { isLate: false };
    const late = clock.after(callMs, () => {
      call.isLate = true;
      reject(unavailable(`no answer within ${callMs} ms`));
    });
    run(call).then(
      (value) => {
        late.cancel();
        resolve(value);
      },
      (cause: unknown) => {
        late.cancel();
        reject(cause instanceof Error ? cause : new Error(String(cause)));
      },
    );
  });
  return answer.finally(() => times?.onCall(clock.monotonicMs() - startMs));
}

function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = clock.after(ms, () => resolve());
    work.then(
      () => {
        late.cancel();
        resolve();
      },
      (cause: unknown) => {
        late.cancel();
        reject(cause instanceof Error ? cause : new Error(String(cause)));
      },
    );
  });
}

const unavailable = (detail: string): Error =>
  gatewayErrors.make("LL_STATE_UNAVAILABLE", undefined, { detail });

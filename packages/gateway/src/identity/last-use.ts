import type { Clock, Timer } from "@loadline/kit/clock";
import type { Repositories } from "../state/repositories.ts";
import type { KeyUse } from "./authenticator.ts";

export interface LastUseWriter {
  /** Writes what is left and stops; a store that does not answer loses at most a minute of uses. */
  close(): Promise<void>;
}

const periodMs = 60_000;
const batchMax = 1000;

/** Writes when keys were used last, once a minute, at most 1,000 keys a write. */
export function createLastUseWriter(deps: {
  keys: Pick<Repositories["keys"], "touch">;
  clock: Clock;
  takeUses(): KeyUse[];
  /** A batch could not be written. */
  onFailure(cause: unknown): void;
}): LastUseWriter {
  let timer: Timer | undefined;
  let isClosed = false;
  const write = async (): Promise<void> => {
    const uses = deps.takeUses();
    try {
      for (let i = 0; i < uses.length; i += batchMax)
        await deps.keys.touch(uses.slice(i, i + batchMax));
    } catch (cause) {
      deps.onFailure(cause);
    }
  };
  const schedule = (): void => {
    if (isClosed) return;
    timer = deps.clock.after(periodMs, () => void write().then(schedule), { unref: true });
  };
  schedule();
  return {
    async close() {
      isClosed = true;
      timer?.cancel();
      await write();
    },
  };
}

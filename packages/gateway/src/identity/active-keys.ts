import type { Clock, Timer } from "@loadline/kit/clock";
import type { Repositories } from "../state/repositories.ts";

export interface ActiveKeys {
  /** Counts anew, one question at a time. */
  recount(): Promise<void>;
  close(): void;
}

const periodMs = 60_000;

/** Keeps the count of good keys true: after each change, and once a minute for those that end. */
export function createActiveKeys(deps: {
  keys: Pick<Repositories["keys"], "countActive">;
  clock: Clock;
  onCount(count: number): void;
  onFailure(cause: unknown): void;
}): ActiveKeys {
  let timer: Timer | undefined;
  let isClosed = false;
  let isStale = false;
  let counting: Promise<void> | undefined;
  const count = async (): Promise<void> => {
    do {
      isStale = false;
      deps.onCount(await deps.keys.countActive(Math.floor(deps.clock.wallMs())));
    } while (isStale && !isClosed);
  };
  const recount = (): Promise<void> => {
    isStale = true;
    counting ??= count()
      .catch(deps.onFailure)
      .finally(() => void (counting = undefined));
    return counting;
  };
  const schedule = (): void => {
    if (isClosed) return;
    timer = deps.clock.after(periodMs, () => void recount().then(schedule), { unref: true });
  };
  schedule();
  return {
    recount,
    close() {
      isClosed = true;
      timer?.cancel();
    },
  };
}

import type { Clock, Timer } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Roster } from "@loadline/kit/roster";
import type { Exchange } from "../pipeline/exchange.ts";
import { reachable, type Target } from "../routing/routes.ts";

export interface Retired {
  /** Closes the targets as soon as no exchange under way may call them. */
  add(targets: readonly Target[]): void;
  /** Closes what is left. */
  close(): Promise<void>;
}

const lookMs = 250;

/** Targets that left the configuration while exchanges that began before still go to them. */
export function createRetired(o: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly inFlight: Pick<Roster<Exchange>, "each">;
}): Retired {
  // As many as reloads replace while one exchange runs: each lives for a route's total at most.
  const waiting = new Set<Target>();
  const closing = new Set<Promise<void>>();
  let timer: Timer | undefined;
  const close = (target: Target): void => {
    waiting.delete(target);
    const done = target.upstream
      .close()
      .catch((cause: unknown) => {
        const text = cause instanceof Error ? cause.message : String(cause);
        o.logger.warn("target.close", { target: target.name, text });
      })
      .finally(() => void closing.delete(done));
    closing.add(done);
  };
  const look = (): void => {
    timer = undefined;
    const used = new Set<Target>();
    o.inFlight.each((x) => {
      for (const target of reachable(x.route)) used.add(target);
    });
    for (const target of waiting) if (!used.has(target)) close(target);
    arm();
  };
  const arm = (): void => {
    if (waiting.size > 0) timer ??= o.clock.after(lookMs, look, { unref: true });
  };
  return {
    add(targets) {
      for (const target of targets) waiting.add(target);
      arm();
    },
    async close() {
      timer?.cancel();
      timer = undefined;
      for (const target of waiting) close(target);
      await Promise.all(closing);
    },
  };
}

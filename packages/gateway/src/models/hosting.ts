import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import { type ModelHost, type ModelHostOptions, startModelHost } from "./start-model-host.ts";
import { type Supervision, superviseHost } from "./supervise.ts";

/** What a host serves and how; where its socket lies is up to who starts it. */
export type HostPlan = Omit<
  ModelHostOptions,
  "clock" | "logger" | "signal" | "socketPath" | "compileCacheDir"
>;

/** A model host that is kept alive, by this process or by its supervisor. */
export interface Hosting {
  /** Empty until it is known; another one once the model was exchanged. */
  readonly socketPath: string;
  isReady(): boolean;
  /** Nobody has asked for it yet. */
  readonly isStandby: boolean;
  start(): void;
  close(): Promise<void>;
}

/** Keeps model hosts for whoever asks; `name` only helps a reader of the folder. */
export interface HostKeeper {
  open(name: string, plan: HostPlan, isStandby: boolean): Hosting;
}

export interface HostingDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the host. */
  readonly signal: AbortSignal;
  readonly onChange?: (() => void) | undefined;
}

/** What a host serves, and where its socket lies. */
export type PlacedPlan = HostPlan & Pick<ModelHostOptions, "socketPath" | "compileCacheDir">;

export interface KeepOptions extends HostingDeps {
  /** Nothing is started before `start`. */
  readonly isStandby?: boolean;
  /** A host over this plan that serves already, started with the same signal. */
  readonly first?: ModelHost;
  /** Told when no other start is tried, though nobody ended it. */
  readonly onGivenUp?: (() => void) | undefined;
}

/** Keeps a host as a child of this process; a crashed one is started again. */
export function keepHost(o: PlacedPlan, deps: KeepOptions): Hosting {
  const { clock, logger, onChange, onGivenUp, isStandby = false } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, deps.signal]);
  let first = deps.first;
  const start = (): Promise<ModelHost> => {
    const running = first;
    first = undefined;
    return running ? Promise.resolve(running) : startModelHost({ ...o, clock, logger, signal });
  };
  const supervise = (): Supervision => {
    const begun = superviseHost({ start, clock, logger, signal, onChange });
    if (onGivenUp) void begun.ended.then(() => signal.aborted || onGivenUp());
    return begun;
  };
  let supervision = isStandby ? undefined : supervise();
  return {
    socketPath: o.socketPath,
    isReady: () => supervision?.host?.state === "ready",
    get isStandby() {
      return supervision === undefined;
    },
    start: () => void (supervision ??= supervise()),
    async close() {
      stop.abort(new Error("closed"));
      await supervision?.host?.close();
      await supervision?.ended;
    },
  };
}

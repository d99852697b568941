import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import { type ModelHostOptions, startModelHost } from "./start-model-host.ts";
import { type Supervision, superviseHost } from "./supervise.ts";

/** What a host serves and how; where its socket lies is up to who starts it. */
export type HostPlan = Omit<
  ModelHostOptions,
  "clock" | "logger" | "signal" | "socketPath" | "compileCacheDir"
>;

/** A model host that is kept alive, by this process or by its supervisor. */
export interface Hosting {
  /** Empty until it is known. */
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

/** Keeps a host as a child of this process; a crashed one is started again. */
export function keepHost(
  o: HostPlan & Pick<ModelHostOptions, "socketPath" | "compileCacheDir">,
  isStandby: boolean,
  deps: HostingDeps,
): Hosting {
  const { clock, logger, onChange } = deps;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, deps.signal]);
  const start = () => startModelHost({ ...o, clock, logger, signal });
  const supervise = (): Supervision => superviseHost({ start, clock, logger, signal, onChange });
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

import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { Waiting } from "./heap.ts";

/** 0 done or READY, 1 NOT_READY, 2 NOT_PROVEN, 3 Loadline failed, 64 usage, 78 configuration. */
export type ExitCode = 0 | 1 | 2 | 3 | 64 | 78 | 130;

export type StopSignal = "SIGINT" | "SIGTERM";
/** Those that end a verb, and the one that reloads. */
export type HostSignal = StopSignal | "SIGHUP";

export interface Output {
  write(text: string): void;
  /** Bytes that nobody has read yet; absent: none wait. */
  waitingBytes?(): number;
  readonly isTty: boolean;
  /** Width in characters; 80 where it is unknown. */
  readonly columns: number;
}

/** All of the process a verb may see; passed in, so that every verb runs inside a test. */
export interface CliHost {
  /** Arguments after the script's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly clock: Clock;
  readonly random: Random;
  /** Monotonic ms at which the process was started. */
  readonly startedMs: number;
  readonly runtime: { readonly node: string; readonly platform: string; readonly arch: string };
  /** Calls `run` at each delivery; the result takes it away again. */
  onSignal(signal: HostSignal, run: () => void): () => void;
  /**
   * Starts this process once more with the flags a configuration wants. Returns where they are as they
   * should be, or cannot be changed; nothing may be open or under way.
   */
  refit?(config: Waiting): void;
  /** Ends the process at once. Only a second Ctrl-C does that. */
  exit(code: ExitCode): void;
}

import { execFile } from "node:child_process";

/** A part that is the one it says it is. */
export interface Found {
  readonly id: string;
  readonly version: string;
  /** The command to start. */
  readonly path: string;
}

export interface Missing {
  readonly id: string;
  readonly reason: string;
}

/** What probing may know of the machine; passed in, so that a test can describe another machine. */
export interface PartsEnvironment {
  /** Folder of the parts that scripts install. */
  readonly partsDir: string;
  /** Parts to treat as missing. */
  readonly hidden: ReadonlySet<string>;
  /** Parts whose absence fails the run. */
  readonly required: ReadonlySet<string>;
  /** Standard output and error of `command`, or the reason it gave none within `timeoutMs`. */
  run(command: string, args: readonly string[], timeoutMs: number): Promise<RunResult>;
}

export type RunResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** Somebody else's software that a suite talks to. */
export interface Part {
  readonly id: string;
  readonly group: "debian" | "trixie" | "sid" | "pip" | "go" | "maven" | "release";
  /** The command that installs it, or where it is had. */
  readonly get: string;
  /** Asks the part who it is and leaves nothing running; a file of the right name is not enough. */
  probe(environment: PartsEnvironment): Promise<Found | Missing>;
}

export const isFound = (answer: Found | Missing): answer is Found => "version" in answer;

/** Runs a command without a shell; more than 64 KiB of output or the time limit ends it. */
export function runCommand(
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const o = { timeout: timeoutMs, maxBuffer: 65_536, encoding: "utf8" } as const;
    execFile(command, [...args], o, (error, stdout, stderr) => {
      if (error === null) resolve({ ok: true, text: `${stdout}${stderr}` });
      else resolve({ ok: false, reason: error.message.split("\n")[0] ?? "it failed" });
    });
  });
}

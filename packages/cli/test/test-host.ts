import { TestClock } from "@loadline/kit/clock";
import type { Clock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import type { CliHost, ExitCode, Output, HostSignal } from "../src/process/host.ts";

export interface TestHost extends CliHost {
  out(): string;
  err(): string;
  /** Delivers a signal as the terminal would. */
  send(signal: HostSignal): void;
  readonly exits: readonly ExitCode[];
}

export interface TestHostOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly isTty?: boolean;
  readonly columns?: number;
  readonly clock?: Clock;
}

/** A process that exists only in the test: what it prints is kept, signals are sent by hand. */
export function createTestHost(argv: readonly string[], o: TestHostOptions = {}): TestHost {
  const texts = { out: "", err: "" };
  const exits: ExitCode[] = [];
  const handlers = new Map<HostSignal, Set<() => void>>();
  const output = (name: "out" | "err"): Output => ({
    write: (text) => {
      texts[name] += text;
    },
    isTty: o.isTty ?? false,
    columns: o.columns ?? 80,
  });
  return {
    argv,
    env: o.env ?? {},
    cwd: o.cwd ?? "/",
    stdout: output("out"),
    stderr: output("err"),
    clock: o.clock ?? new TestClock(),
    random: systemRandom(),
    startedMs: 0,
    runtime: { node: process.versions.node, platform: process.platform, arch: process.arch },
    onSignal(signal, run) {
      const set = handlers.get(signal) ?? new Set();
      handlers.set(signal, set.add(run));
      return () => set.delete(run);
    },
    exit: (code) => exits.push(code),
    out: () => texts.out,
    err: () => texts.err,
    send: (signal) => {
      for (const run of handlers.get(signal) ?? []) run();
    },
    exits,
  };
}

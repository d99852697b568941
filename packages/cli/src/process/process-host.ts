import { systemClock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { systemRandom } from "@loadline/kit/random";
import { cliErrors } from "../errors.ts";
import { refitOf, startAnew } from "./heap.ts";
import type { CliHost, ExitCode, Output } from "./host.ts";

/** For whoever reads standard error once the work is done. */
const readMs = 1000;

const columnsUnknown = 80;

/** `isResult`: the work is for nothing when what it says cannot be written. */
function output(stream: NodeJS.WriteStream, isResult: boolean): Output {
  let isReaderGone = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `loadline doctor | head`: whoever read has seen enough, and the work goes on without them.
    if (error.code === "EPIPE") isReaderGone = true;
    // A log on a full disk has nobody else to tell, and is written again once there is room.
    else if (isResult) {
      const what = `standard output cannot be written (${codeOf(error)}).`;
      throw cliErrors.make("LL_CLI_WRITE", what, { cause: error });
    }
  });
  return {
    write: (text) => {
      if (!isReaderGone) stream.write(text);
    },
    waitingBytes: () => (isReaderGone ? 0 : stream.writableLength),
    get isTty() {
      return stream.isTTY === true;
    },
    get columns() {
      // A terminal whose size nobody set, such as that of a container's exec, says 0.
      return stream.columns > 0 ? stream.columns : columnsUnknown;
    },
  };
}

/** The real process as a {@link CliHost}. */
export function processHost(process: NodeJS.Process, exit: (code: ExitCode) => void): CliHost {
  const clock = systemClock();
  return {
    argv: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    stdout: output(process.stdout, true),
    stderr: output(process.stderr, false),
    clock,
    random: systemRandom(),
    startedMs: clock.monotonicMs() - process.uptime() * 1000,
    runtime: { node: process.versions.node, platform: process.platform, arch: process.arch },
    onSignal(signal, run) {
      process.on(signal, run);
      return () => {
        process.off(signal, run);
      };
    },
    refit: (config) => startAnew(process, process.env, (started) => refitOf(started, config)),
    exit,
  };
}

/**
 * What nobody caught ends the process with the code that `tell` says: the 1 that Node would end it
 * with is that of a claim which failed.
 */
export function endOnFault(process: NodeJS.Process, tell: (fault: unknown) => ExitCode): void {
  process.on("uncaughtException", (fault) => process.exit(tell(fault)));
}

/** Ends a process that only a log holds whose reader rests; a result is waited for. */
export function endSoon(host: CliHost, code: ExitCode): void {
  const look = (): void => {
    if (host.stdout.waitingBytes?.() === 0 && host.stderr.waitingBytes?.() !== 0) host.exit(code);
    else host.clock.after(readMs, look, { unref: true });
  };
  host.clock.after(readMs, look, { unref: true });
}

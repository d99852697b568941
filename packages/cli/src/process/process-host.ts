import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { refitOf, startAnew } from "./heap.ts";
import type { CliHost, ExitCode, Output } from "./host.ts";

const columnsUnknown = 80;

function output(stream: NodeJS.WriteStream): Output {
  let isReaderGone = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `loadline doctor | head`: whoever read has seen enough, and the work goes on without them.
    if (error.code !== "EPIPE") throw error;
    isReaderGone = true;
  });
  return {
    write: (text) => {
      if (!isReaderGone) stream.write(text);
    },
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
    stdout: output(process.stdout),
    stderr: output(process.stderr),
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

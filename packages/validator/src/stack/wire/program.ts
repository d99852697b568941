import { spawn } from "node:child_process";
import { codeOf } from "@loadline/kit/errors";
import { holdGroup } from "@loadline/kit/program-group";
import { ToolMissing, WireFault } from "./fault.ts";

/** How a program ended. */
export interface ProgramEnd {
  /** Null: by a signal, `why` says by which. */
  readonly exit: number | null;
  readonly why: string;
  /** Of each so much as was asked for. */
  readonly stdout: string;
  readonly stderr: string;
  /** More was written, and dropped. */
  readonly isCut: boolean;
}

/** Of each output, where no other bound is given. */
const outputBytesMax = 1_048_576;

/**
 * Runs a program of this machine to its end, with nothing on its standard input. When the signal
 * aborts it is killed with everything it started, and so when this process ends before it. @throws ToolMissing, WireFault timeout
 */
export function runProgram(
  argv: readonly string[],
  signal: AbortSignal,
  bytesMax = outputBytesMax,
): Promise<ProgramEnd> {
  const [program = "", ...words] = argv;
  return new Promise((resolve, reject) => {
    // A group of its own: what a shell started ends with it.
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const group = holdGroup(child);
    const stdout = gathered(child.stdout, bytesMax);
    const stderr = gathered(child.stderr, bytesMax);
    const end = (): void => {
      group.signal("SIGKILL");
      reject(new WireFault("timeout", `${program} did not end in time`));
    };
    const settle = (): void => {
      signal.removeEventListener("abort", end);
      group[Symbol.dispose]();
    };
    child.once("error", (cause) => {
      settle();
      const isThere = codeOf(cause) !== "ENOENT";
      const why = isThere ? `cannot be run: ${codeOf(cause)}` : "is not on this machine";
      reject(new ToolMissing(`${program} ${why}.`));
    });
    child.once("close", (exit, by) => {
      settle();
      const why = exit === null ? `by ${by ?? "a signal"}` : `with ${exit}`;
      const isCut = stdout.isCut() || stderr.isCut();
      resolve({ exit, why, stdout: stdout.text(), stderr: stderr.text(), isCut });
    });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** What came so far, cut at the bound; the rest is read and dropped. */
function gathered(stream: NodeJS.ReadableStream, bytesMax: number) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    const room = bytesMax - bytes;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    bytes += chunk.length;
  });
  return {
    text: () => Buffer.concat(chunks).toString("utf8"),
    isCut: () => bytes > bytesMax,
  };
}

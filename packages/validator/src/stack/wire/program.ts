import { spawn } from "node:child_process";
import { codeOf } from "@loadline/kit/errors";
import { ToolMissing, WireFault } from "./fault.ts";

/** How a program ended. */
export interface ProgramEnd {
  /** Null: by a signal, `why` says by which. */
  readonly exit: number | null;
  readonly why: string;
  /** At most 1 MiB of each. */
  readonly stdout: string;
  readonly stderr: string;
}

const outputBytesMax = 1_048_576;

/**
 * Runs a program of this machine to its end, with nothing on its standard input. When the signal
 * aborts it is killed with everything it started. @throws ToolMissing, WireFault timeout
 */
export function runProgram(argv: readonly string[], signal: AbortSignal): Promise<ProgramEnd> {
  const [program = "", ...words] = argv;
  return new Promise((resolve, reject) => {
    // A group of its own: what a shell started ends with it.
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const output = { stdout: gathered(child.stdout), stderr: gathered(child.stderr) };
    const end = (): void => {
      killGroup(child.pid);
      reject(new WireFault("timeout", `${program} did not end in time`));
    };
    const settle = (): void => signal.removeEventListener("abort", end);
    child.once("error", (cause) => {
      settle();
      const isThere = codeOf(cause) !== "ENOENT";
      const why = isThere ? `cannot be run: ${codeOf(cause)}` : "is not on this machine";
      reject(new ToolMissing(`${program} ${why}.`));
    });
    child.once("close", (exit, by) => {
      settle();
      const why = exit === null ? `by ${by ?? "a signal"}` : `with ${exit}`;
      resolve({ exit, why, stdout: output.stdout(), stderr: output.stderr() });
    });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** What came so far, cut at 1 MiB; the rest is read and dropped. */
function gathered(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    const room = outputBytesMax - bytes;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (cause) {
    if (codeOf(cause) !== "ESRCH") throw cause;
  }
}

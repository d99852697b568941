import { spawn } from "node:child_process";
import type { Clock } from "@loadline/kit/clock";
import { holdGroup } from "@loadline/kit/program-group";
import { loadErrors } from "../errors.ts";

export interface ToolEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolRun {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Given on standard input. */
  readonly input?: string;
}

const outputBytesMax = 64 * 1024 * 1024;
const graceMs = 30_000;

/**
 * Runs a program to its end and collects what it prints. An abort or the time limit interrupts it
 * once, and what it started, and kills them 30 s later; they end with this process. Rejects with LL_LOAD_DRIVER_MISSING when it does not start.
 */
export function runTool(
  run: ToolRun,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<ToolEnd> {
  return new Promise((done, fail) => {
    const child = spawn(run.path, [...run.args], {
      env: { ...run.env },
      // A group of its own: Ctrl-C reaches it once, through us; twice would end it without results.
      detached: true,
    });
    const group = holdGroup(child);
    const [out, err] = [collect(child.stdout), collect(child.stderr)];
    let kill = { cancel: (): void => undefined };
    const stop = (): void => {
      group.signal("SIGINT");
      kill = clock.after(graceMs, () => group.signal("SIGKILL"));
    };
    const limit = clock.after(run.timeoutMs, stop);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const release = (): void => {
      limit.cancel();
      kill.cancel();
      signal.removeEventListener("abort", stop);
      group[Symbol.dispose]();
    };
    child.once("error", (cause) => {
      release();
      fail(loadErrors.make("LL_LOAD_DRIVER_MISSING", `${run.path} does not start.`, { cause }));
    });
    child.once("close", (code) => {
      release();
      done({ code, stdout: out(), stderr: err() });
    });
    // A program that ends before it read everything is judged by how it ends.
    child.stdin.on("error", () => child.stdin.destroy());
    child.stdin.end(run.input ?? "");
  });
}

/** The text of a stream, up to 64 MiB; what comes after is read and dropped. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    if (bytes < outputBytesMax) chunks.push(chunk);
    bytes += chunk.length;
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

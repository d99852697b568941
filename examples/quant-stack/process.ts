import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** A program of the stack; ended with the stack. */
export interface Started {
  stop(): Promise<void>;
  /** The same program on the same port and data. */
  restart(): Promise<void>;
}

export interface Program {
  readonly name: string;
  /** Folder of its log. */
  readonly dir: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Asked every 100 ms until it is true. */
  readonly isReady: () => Promise<boolean>;
  readonly readyMs: number;
}

const pauseMs = 100;
const graceMs = 5_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await ended;
  clearTimeout(late);
}

async function launch(program: Program): Promise<ChildProcess> {
  const { name, dir, argv, readyMs } = program;
  const log = openSync(join(dir, `${name}.log`), "a");
  const [command = "", ...args] = argv;
  const env = { ...process.env, ...program.env };
  const child = spawn(command, args, { cwd: dir, env, stdio: ["ignore", log, log] });
  closeSync(log);
  const failed = new Promise<never>((_, reject) => void child.once("error", reject));
  for (let waitedMs = 0; waitedMs < readyMs; waitedMs += pauseMs) {
    if (child.exitCode !== null)
      throw new Error(`${name} ended with ${child.exitCode}; see ${dir}`);
    if (await Promise.race([program.isReady().catch(() => false), failed])) return child;
    await pause(pauseMs);
  }
  await end(child);
  throw new Error(`${name} did not answer within ${readyMs} ms; see ${dir}`);
}

/** Starts a program and waits until it answers; what it printed is in `<name>.log`. */
export async function startProgram(program: Program): Promise<Started> {
  let child = await launch(program);
  return {
    stop: () => end(child),
    async restart() {
      await end(child);
      child = await launch(program);
    },
  };
}

/** A port of loopback nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

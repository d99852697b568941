import { type ChildProcess, execFile } from "node:child_process";
import { appendFileSync, chmodSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Clock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { eventually } from "../eventually.ts";
import { freePort } from "../free-port.ts";
import { removeFolder } from "../remove-folder.ts";
import { spawnHeld } from "../spawn-held.ts";

/** A PostgreSQL server of our own on loopback, with an empty database. */
export interface RunningPostgres extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** SIGSTOP to the server and each of its processes: connections stay open, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** SIGKILL to all of them; what was committed is kept. */
  kill(): Promise<void>;
  /** Starts it again on the same port and waits until it answers. */
  restart(): Promise<void>;
}

export interface PostgresOptions {
  readonly clock: Clock;
  /** Lines of its configuration, such as `shared_preload_libraries = 'timescaledb'`. */
  readonly settings?: readonly string[];
  /** It is a standby of this one, and begins with its data. */
  readonly follows?: RunningPostgres;
  /** Its programs leave root by themselves. */
  readonly leavesRoot?: boolean;
}

const startMs = 20_000;
const run = promisify(execFile);

/** Makes a cluster with the programs of `binDir` in a folder of its own and starts it. */
export async function startPostgres(binDir: string, o: PostgresOptions): Promise<RunningPostgres> {
  const { clock } = o;
  const dir = mkdtempSync(join(tmpdir(), "ll-postgres-"));
  // The server's user has to reach its folder below.
  chmodSync(dir, 0o777);
  const data = join(dir, "data");
  const port = await freePort();
  const asUser = (program: string): string[] =>
    o.leavesRoot === true ? [join(binDir, program)] : asServerUser(join(binDir, program));
  const [command = "", ...list] = firstData(data, o.follows);
  const [program = "", ...before] = asUser(command);
  await run(program, [...before, ...list]);
  configure(data, port, o.settings ?? []);
  const start = (): ChildProcess => {
    const [server = "", ...words] = asUser("postgres");
    return spawnHeld(server, [...words, "-D", data], { stdio: "ignore" });
  };
  const isReady = async (): Promise<boolean> => {
    const ask = ["-h", "127.0.0.1", "-p", String(port), "-t", "1"];
    return run(join(binDir, "pg_isready"), ask).then(
      () => true,
      () => false,
    );
  };
  let child = start();
  let family: readonly number[] = [];
  const signal = (name: NodeJS.Signals, pids: readonly number[]): void => {
    for (const pid of pids) sendSignal(pid, name);
  };
  const kill = async (): Promise<void> => {
    const { pid } = child;
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const all = [pid, ...childrenOf(pid)];
    const ended = new Promise((resolve) => child.once("exit", resolve));
    signal("SIGKILL", all);
    await ended;
    // Children linger after their parent, and a new server refuses to start beside them.
    await eventually(clock, () => all.every((one) => !isThere(one)), startMs);
  };
  const end = async (): Promise<void> => {
    await kill();
    removeFolder(dir);
  };
  await eventually(clock, isReady, startMs).catch(async (cause: unknown) => {
    await end();
    throw cause;
  });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    freeze() {
      const pid = child.pid ?? 0;
      sendSignal(pid, "SIGSTOP");
      family = childrenOf(pid);
      signal("SIGSTOP", family);
    },
    thaw() {
      signal("SIGCONT", family);
      sendSignal(child.pid ?? 0, "SIGCONT");
    },
    kill,
    async restart() {
      await kill();
      child = start();
      await eventually(clock, isReady, startMs);
    },
    [Symbol.asyncDispose]: end,
  };
}

function configure(data: string, port: number, settings: readonly string[]): void {
  const own = [`port = ${port}`, "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''"];
  const lines = [...own, ...settings].map((line) => `${line}\n`);
  appendFileSync(join(data, "postgresql.conf"), lines.join(""));
}

/** What writes the first data: an empty cluster, or the copy of a primary that it then follows. */
function firstData(data: string, follows: RunningPostgres | undefined): string[] {
  if (follows === undefined) {
    return ["initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"];
  }
  const from = ["-h", "127.0.0.1", "-p", String(follows.port), "-U", "postgres"];
  return ["pg_basebackup", ...from, "-D", data, "-R", "--checkpoint=fast", "--no-sync"];
}

/** The server refuses to run as root. */
function asServerUser(program: string): string[] {
  if (process.getuid?.() !== 0) return [program];
  return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program];
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && isGone(cause.code)) return false;
    throw cause;
  }
}

const isGone = (code: unknown): boolean => code === "ENOENT" || code === "ESRCH";

/** A process of the server that ended by itself meanwhile needs no signal. */
function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if (codeOf(cause) !== "ESRCH") throw cause;
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { codeOf } from "../errors/index.ts";
import { holdGroup } from "./index.ts";

/** A shell that prints its own process id and that of what it started, and waits for it. */
const program = "sleep 60 & echo $$ $!; wait";
/** For the system to end what was killed. */
const endMs = 30_000;

/** Empty for a process that is gone. */
function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch (cause) {
    if (["ENOENT", "ESRCH"].includes(codeOf(cause))) return "";
    throw cause;
  }
}

/** False for one that is gone and for a corpse that nobody fetched. */
const isAlive = (pid: number): boolean => /^State:\s*[^Z]/m.test(readProc(pid, "status"));

/** Processes that were given this word. */
const toldOf = (word: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readProc(pid, "cmdline").split("\0").includes(word));

const areGone = async (pids: readonly number[]): Promise<void> =>
  await expect.poll(() => pids.filter(isAlive), { timeout: endMs }).toEqual([]);

async function printed({ stdout }: Pick<ChildProcess, "stdout">): Promise<number[]> {
  if (stdout === null) throw new Error("nothing is read of it");
  const [bytes] = await once(stdout, "data");
  return String(bytes).trim().split(" ").map(Number);
}

/** A process that starts the program, then does as `then` says. */
function holder(then: string): ChildProcess {
  const script = `
    import { spawn } from "node:child_process";
    import { holdGroup } from ${JSON.stringify(new URL("./index.ts", import.meta.url))};
    const stdio = ["ignore", "pipe", "ignore"];
    const child = spawn("sh", ["-c", ${JSON.stringify(program)}], { detached: true, stdio });
    const group = holdGroup(child);
    child.stdout.on("data", (told) => process.stdout.write(told));
    ${then}`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

describe("a program whose group is held", () => {
  it("ends with all it started when its holder is killed", async () => {
    const parent = holder("process.stdin.resume();");
    const pids = await printed(parent);
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill("SIGKILL");
    await areGone(pids);
  });

  it("ends with all it started when its holder ends without a word to it", async () => {
    const parent = holder('process.stdin.once("data", () => process.exit(0));');
    const pids = await printed(parent);
    parent.stdin?.write("end");
    await areGone(pids);
  });

  it("goes on after its holder when it was let go of, and keeps nobody from ending", async () => {
    const parent = holder(
      'process.stdin.once("data", () => { group[Symbol.dispose](); child.unref(); child.stdout.destroy(); process.stdin.destroy(); });',
    );
    const exit = once(parent, "exit");
    const pids = await printed(parent);
    const watchers = (): number[] => toldOf(String(pids[0]));
    await expect.poll(watchers, { timeout: endMs }).toHaveLength(1);
    parent.stdin?.write("let go");
    expect(await exit).toEqual([0, null]);
    await expect.poll(watchers, { timeout: endMs }).toEqual([]);
    expect(pids.map(isAlive)).toEqual([true, true]);
    process.kill(-Number(pids[0]), "SIGKILL");
    await areGone(pids);
  });

  it("gets a signal with all it started, and one more after its end is no fault", async () => {
    const child = spawn("sh", ["-c", program], { detached: true });
    using group = holdGroup(child);
    const pids = await printed(child);
    group.signal("SIGTERM");
    await areGone(pids);
    expect(() => group.signal("SIGKILL")).not.toThrow();
  });

  it("goes on where no descriptor is left for who waits beside it", async () => {
    const script = `
      import { openSync } from "node:fs";
      import { holdGroup } from ${JSON.stringify(new URL("./index.ts", import.meta.url))};
      try { for (;;) openSync("/dev/null"); } catch {}
      holdGroup({ pid: process.pid })[Symbol.dispose]();
      setImmediate(() => process.exit(7));`;
    const limited = 'ulimit -n 100 && exec "$0" --input-type=module -e "$1"';
    const child = spawn("sh", ["-c", limited, process.execPath, script], {
      stdio: "inherit",
      detached: true,
    });
    expect(await once(child, "exit")).toEqual([7, null]);
  });

  it("is nothing to hold where it did not start", async () => {
    const child = spawn("/nowhere/to/be/found", { detached: true });
    const failed = once(child, "error");
    using group = holdGroup(child);
    group.signal("SIGTERM");
    expect(await failed).toMatchObject([{ code: "ENOENT" }]);
  });
});

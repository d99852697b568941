import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { listenOnLoopback } from "@loadline/testkit";
import {
  roomyFlags,
  servingEnvironment,
  servingFlags,
} from "../../packages/cli/src/process/heap.ts";
import { emptyDir, type Ended, runCli } from "./cli-process.ts";

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const serving = "serving http://";
const cwd = emptyDir();

/** Runs `loadline`, and once, when it serves, does what is wanted of it. */
function start(
  argv: readonly string[],
  onServing: (kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  let isServing = false;
  const onErr = (text: string, kill: (signal: NodeJS.Signals) => void): void => {
    if (isServing || !text.includes(serving)) return;
    isServing = true;
    onServing(kill);
  };
  return runCli(cwd, argv, { onErr, env });
}

/** The process that owns this state directory, as the refusal of a second one names it. */
async function ownerOf(state: string): Promise<number> {
  const { err } = await runCli(cwd, ["serve", "--port", "0", "--state", state]);
  return Number(/LL_STATE_LOCKED .* is in use by process (\d+)\./.exec(err)?.[1]);
}

const wordsOf = (pid: number, file: string): string[] =>
  readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0");

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);

describe("serve as a process", () => {
  it("starts itself once more with a bounded heap, and the state directory is its own", async (context) => {
    if (process.platform !== "linux") context.skip("NOT TESTED: second start (needs /proc)");
    const argv = ["serve", "--port", "0", "--state", "heap"];
    let seen: Promise<{ words: string[]; variables: string[] }> | undefined;
    const ended = await start(argv, (kill) => {
      seen = ownerOf("heap")
        .then((pid) => ({ words: wordsOf(pid, "cmdline"), variables: wordsOf(pid, "environ") }))
        .finally(() => kill("SIGTERM"));
    });
    const { words = [], variables = [] } = (await seen) ?? {};
    expect(words).toEqual([process.execPath, ...servingFlags, main, ...argv, ""]);
    for (const [name, value] of Object.entries(servingEnvironment))
      expect(variables).toContain(`${name}=${value}`);
    // The signal to the first start's process id reached it: there is one process, not two.
    expect(ended.code).toBe(0);
  });

  it("has room for requests that wait once its configuration says that they do", async (context) => {
    if (process.platform !== "linux") context.skip("NOT TESTED: second start (needs /proc)");
    const argv = ["serve", "--port", "0", "--state", "room", "--workers", "2"];
    let seen: Promise<{ own: string[]; workers: string[][] }> | undefined;
    const ended = await start(argv, (kill) => {
      seen = ownerOf("room")
        .then((pid) => ({
          own: wordsOf(pid, "cmdline"),
          workers: childrenOf(pid).map((child) => wordsOf(child, "cmdline")),
        }))
        .finally(() => kill("SIGTERM"));
    });
    const { own = [], workers = [] } = (await seen) ?? {};
    expect(own).toEqual([process.execPath, ...roomyFlags, main, ...argv, ""]);
    const serving = workers.filter((words) =>
      words.some((word) => word.endsWith("worker-main.ts")),
    );
    expect(serving).toHaveLength(2);
    for (const words of serving) expect(words.slice(1, 1 + roomyFlags.length)).toEqual(roomyFlags);
    expect(ended.code).toBe(0);
  });

  it("reads a configuration that comes through a pipe once, and serves by it", async (context) => {
    if (process.platform !== "linux") context.skip("NOT TESTED: second start (needs /proc)");
    writeFileSync(join(cwd, "piped.yaml"), "http: { front: node }\nstateDir: piped\n");
    const script = 'exec "$0" "$@" --port 0 --config /dev/stdin < <(cat piped.yaml)';
    const child = spawn("bash", ["-c", script, process.execPath, main, "serve"], {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let err = "";
    let words: string[] = [];
    const ended = new Promise((resolve) => void child.once("close", resolve));
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
      if (words.length > 0 || !err.includes(serving)) return;
      words = wordsOf(child.pid ?? 0, "cmdline");
      child.kill("SIGTERM");
    });
    expect([await ended, err]).toEqual([0, expect.stringContaining(serving)]);
    expect(words.slice(1, 1 + servingFlags.length)).toEqual(servingFlags);
    expect(existsSync(join(cwd, "piped"))).toBe(true);
  });

  it("keeps flags of the user's own, and starts no second time", async (context) => {
    if (process.platform !== "linux") context.skip("NOT TESTED: second start (needs /proc)");
    const argv = ["serve", "--port", "0", "--state", "own"];
    let seen: Promise<string[]> | undefined;
    const env = { NODE_OPTIONS: "--max-old-space-size=300" };
    const ended = await start(
      argv,
      (kill) => {
        seen = ownerOf("own")
          .then((pid) => wordsOf(pid, "cmdline"))
          .finally(() => kill("SIGTERM"));
      },
      env,
    );
    expect((await seen)?.slice(0, 3)).toEqual([process.execPath, main, "serve"]);
    expect(ended.code).toBe(0);
  });

  it("a port in use ends it by name, exit 78, and leaves the state directory free", async () => {
    const server: Server = createServer();
    const port = await listenOnLoopback(server);
    const ended = await start(["serve", "--port", String(port), "--state", "busy"]);
    await new Promise((resolve) => void server.close(resolve));
    expect(ended.code).toBe(78);
    expect(ended.err).toContain(`LL_SERVER_PORT_IN_USE 127.0.0.1:${port} is in use.`);
    const again = await start(["serve", "--port", "0", "--state", "busy"], (kill) =>
      kill("SIGTERM"),
    );
    expect([again.code, again.err.includes("LL_STATE_LOCKED")]).toEqual([0, false]);
  });

  it("a state directory whose owner was killed is taken over", async () => {
    const argv = ["serve", "--port", "0", "--state", "killed"];
    const first = await start(argv, (kill) => kill("SIGKILL"));
    expect(first.code).toBeNull();
    const second = await start(argv, (kill) => kill("SIGINT"));
    expect([second.code, second.err.includes("LL_STATE_LOCKED")]).toEqual([0, false]);
  });

  it("a damaged database ends it by name, exit 78, with the command that restores the newest copy; after it, it serves what that has", async () => {
    const state = join(cwd, "damaged");
    const path = join(state, "loadline.db");
    const keys = (...argv: readonly string[]): Promise<Ended> =>
      runCli(cwd, ["keys", ...argv, "--state", "damaged"]);
    const idOf = ({ out }: Ended): string => /ll_local_(\w{12})_/.exec(out)?.[1] ?? "";
    const kept = idOf(await keys("create", "--name", "kept"));
    // As one is made before a change of the schema.
    mkdirSync(join(state, "backups"));
    const copy = join(state, "backups", "loadline-v2-20261123T120000000Z.db");
    {
      using db = new DatabaseSync(path);
      db.prepare("VACUUM INTO ?").run(copy);
    }
    const lost = idOf(await keys("create", "--name", "lost"));
    expect([kept, lost]).toEqual([
      expect.stringMatching(/^\w{12}$/),
      expect.not.stringMatching(kept),
    ]);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, Math.floor(bytes.length / 2)));
    const argv = ["serve", "--port", "0", "--state", "damaged"];
    const refused = await start(argv, (kill) => kill("SIGKILL"));
    expect([refused.code, refused.err]).toEqual([
      78,
      expect.stringContaining(`LL_STATE_CORRUPT ${path}: `),
    ]);
    const command = /`(rm -f [^`]+)`\. Stop what uses it/.exec(refused.err)?.[1] ?? "";
    expect(command).toContain(copy);
    execFileSync("sh", ["-c", command], { cwd: "/" });
    const again = await start(argv, (kill) => kill("SIGTERM"));
    expect([again.code, again.err.includes("LL_STATE_")]).toEqual([0, false]);
    const { out } = await keys("list");
    expect([out.includes(kept), out.includes(lost)]).toEqual([true, false]);
  });

  it("prints its address alone with --json, once it serves", async () => {
    const argv = ["serve", "--port", "0", "--state", "json", "--json"];
    const ended = await start(argv, (kill) => kill("SIGTERM"));
    expect(JSON.parse(ended.out)).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as unknown,
    });
  });

  it("a state directory that cannot be one is named with the reason: exit 78", async () => {
    writeFileSync(join(cwd, "a-file"), "");
    const ended = await start(["serve", "--port", "0", "--state", "a-file/state"]);
    expect(ended.code).toBe(78);
    expect(ended.err).toMatch(/LL_STATE_UNUSABLE .*a-file\/state: ENOTDIR/);
  });
});

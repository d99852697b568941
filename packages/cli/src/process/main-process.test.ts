import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyDir } from "../../test/bundles.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));
/** Longer than any of these takes on a busy machine; a child that hangs is ended. */
const endMs = 60_000;

let cwd = "";
beforeAll(() => void (cwd = emptyDir()));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as a user starts it. */
function start(argv: readonly string[], env = {}): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: endMs,
    killSignal: "SIGKILL",
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

describe("the process of the command", () => {
  it("ends with the exit code of its verb, the text of a fault on standard error alone", async () => {
    const [help, usage, missing] = await Promise.all([
      start(["--help"]),
      start(["clena"]),
      start(["config", "check", "--config", "gone.yaml"]),
    ]);
    expect([help.code, help.err]).toEqual([0, ""]);
    expect([usage.code, usage.out]).toEqual([64, ""]);
    expect(usage.err).toContain('LL_CLI_VERB clena: unknown verb. Did you mean "clean"?');
    expect([missing.code, missing.out]).toEqual([78, ""]);
  });

  it("shows a stack only to those who set LOADLINE_DEBUG", async () => {
    const [plain, debug] = await Promise.all([
      start(["clena"]),
      start(["clena"], { LOADLINE_DEBUG: "1" }),
    ]);
    expect(plain.err).not.toMatch(/^ +at /m);
    expect(debug.err).toMatch(/^ +at /m);
    expect(debug.code).toBe(64);
  });

  it("a reader that leaves early is no fault of the command", async () => {
    const child = spawn(
      "sh",
      ["-c", `"$0" "$1" config schema | head -c 1`, process.execPath, main],
      {
        cwd,
        stdio: ["ignore", "pipe", "pipe"],
        timeout: endMs,
      },
    );
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    await new Promise((resolve) => void child.once("close", resolve));
    expect([out, err]).toEqual(["{", ""]);
  });

  it.runIf(existsSync("/dev/full"))(
    "a result that cannot be written is no verdict: 78 and one line with its code, never the 1 of a failed claim",
    async () => {
      const full = openSync("/dev/full", "w");
      const argv = [main, "config", "schema"];
      const child = spawn(process.execPath, argv, { cwd, stdio: ["ignore", full, "pipe"] });
      closeSync(full);
      let err = "";
      child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
      const [code] = await once(child, "close");
      expect(err).toMatch(/^LL_CLI_WRITE standard output cannot be written \(ENOSPC\)\. .*\n$/);
      expect(code).toBe(78);
    },
  );

  it("a fault that nobody caught ends with 3 and its code, whatever the verb would have said", async () => {
    const fault = `process.once("beforeExit", () => void Promise.reject(new Error("nobody waits")))`;
    const preload = `--import=data:text/javascript,${encodeURIComponent(fault)}`;
    const ended = await start(["--help"], { NODE_OPTIONS: preload });
    expect(ended.code).toBe(3);
    expect(ended.err).toMatch(/^LL_CLI_UNEXPECTED nobody waits .*\n$/);
  });
});

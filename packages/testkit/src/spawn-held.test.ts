import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { systemClock } from "@loadline/kit/clock";
import { codeOf } from "@loadline/kit/errors";
import { describe, expect, it } from "vitest";
import { endChild } from "./end-child.ts";
import { eventually } from "./eventually.ts";
import { spawnHeld } from "./spawn-held.ts";

const endMs = 30_000;

/** False for one that is gone and for a corpse that nobody fetched. */
function isAlive(pid: number): boolean {
  try {
    return /^State:\s*[^Z]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch (cause) {
    if (["ENOENT", "ESRCH"].includes(codeOf(cause))) return false;
    throw cause;
  }
}

describe("a part that is held", () => {
  it("ends with its starter, which is killed in the middle", async () => {
    const script = `
      import { spawnHeld } from ${JSON.stringify(new URL("./spawn-held.ts", import.meta.url))};
      const part = spawnHeld("sleep", ["60"], { stdio: "ignore" });
      process.stdout.write(String(part.pid));
      process.stdin.resume();`;
    const runner = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const [told] = await once(runner.stdout, "data");
    const pid = Number(told);
    expect(isAlive(pid)).toBe(true);
    runner.kill("SIGKILL");
    await eventually(systemClock(), () => !isAlive(pid), endMs);
  });

  it("that ended by itself leaves what it started alone", async () => {
    const part = spawnHeld("sh", ["-c", "sleep 60 >&- 2>&- & echo $!"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    if (part.stdout === null) throw new Error("nothing is read of it");
    const [[told]] = await Promise.all([once(part.stdout, "data"), once(part, "exit")]);
    expect(isAlive(Number(told))).toBe(true);
    process.kill(Number(told), "SIGKILL");
  });

  it("is ended like any other child", async () => {
    const part = spawnHeld("sleep", ["60"], { stdio: "ignore" });
    await endChild(part);
    expect(part.signalCode).toBe("SIGKILL");
  });
});

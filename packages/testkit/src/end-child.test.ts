import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { endChild } from "./end-child.ts";

const start = (script: string) => spawn(process.execPath, ["-e", script], { stdio: "pipe" });

describe("a process that is ended", () => {
  it("has ended when it is said so, though it hears no SIGTERM", async () => {
    const child = start(
      'process.on("SIGTERM", () => process.stdout.write("told"));setInterval(() => {}, 9e5);process.stdout.write("up")',
    );
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    await once(child.stdout, "data");
    await endChild(child);
    expect([child.exitCode, child.signalCode]).toEqual([null, "SIGKILL"]);
  });

  it.each(["", "process.exit(3)", "process.kill(process.pid, 'SIGTERM')"])(
    "that ended before by %j is not waited for",
    async (script) => {
      const child = start(script);
      await once(child, "exit");
      const before = [child.exitCode, child.signalCode];
      await endChild(child);
      expect([child.exitCode, child.signalCode]).toEqual(before);
    },
  );
});

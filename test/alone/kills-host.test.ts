import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { eventually } from "@loadline/testkit";
import { describe, it } from "vitest";
import { repositoryRoot } from "../architecture/tree.ts";
import {
  expectFastSwitches,
  fronts,
  kills,
  killsTimeoutMs,
  killUnderLoad,
  perSecond,
  startRoute,
} from "./kills/world.ts";

const startDeadlineMs = 60_000;

/** Two seconds each: what the front has to do with it shows in some of them. */
const killsOf = { http1: kills, node: 8 };

describe(`kills of the active in-process model, under ${perSecond} calls a second`, () => {
  it.for(fronts.map((front) => [front, killsOf[front]] as const))(
    "no call fails and every switch takes at most 500 ms, front %s, %i times [R0-16] [R0-18] [R0-19] [R0-24]",
    { timeout: killsTimeoutMs },
    async ([front, times], context) => {
      const path = join(repositoryRoot, "packages/gateway/models/tiny/loadline-tiny.gguf");
      const target = { provider: "llama", model: "tiny", path, sequences: 2 };
      const targets = Object.fromEntries(["h1", "h2", "h3"].map((name) => [name, target]));
      await using running = await startRoute(front, targets);
      await eventually(systemClock(), running.hasBackup, startDeadlineMs);
      const kill = (name: string): Promise<boolean> => Promise.resolve(killHost(name));
      const victim = { name: `model host, front ${front}`, kills: times, everyMs: 2000, kill };
      const report = await killUnderLoad(context, running, victim);
      await expectFastSwitches(context, running, report);
    },
  );
});

/** Kills the model host that serves a target, known by its socket among our own children. */
function killHost(name: string): boolean {
  const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)]);
  const line = children
    .toString()
    .split("\n")
    .find((text) => text.includes(`/${name}.`) && text.includes(".sock"));
  const pid = Number(line?.trim().split(" ")[0] ?? Number.NaN);
  if (!(pid > 0)) return false;
  process.kill(pid, "SIGKILL");
  return true;
}

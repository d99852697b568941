import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gateway, loadConfig } from "@loadline/gateway";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { eventually } from "../../packages/testkit/src/eventually.ts";
import { repositoryRoot } from "../architecture/tree.ts";
import { openGateway } from "../start-gateway.ts";
import { startHttpUpstreams } from "./kills/http-upstreams.ts";
import { type KillReport, runKills, sayKills } from "./kills/run-kills.ts";

const kills = 59;
const perSecond = 50;
const everyMs = 3000;
const timeoutMs = 290_000;
const startDeadlineMs = 60_000;
const shownMax = 3;
const clock = systemClock();

interface Running extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly url: string;
  readonly key: string;
  /** Whether the pool says that two of its targets are ready. */
  hasBackup(): Promise<boolean>;
  /** Switches so far, and how many of them took at most 500 ms. */
  switches(): Promise<{ readonly all: number; readonly inTime: number }>;
}

async function start(settings: Record<string, unknown>): Promise<Running> {
  const stateDir = mkdtempSync(join(tmpdir(), "ll-kills-"));
  const config = loadConfig(
    undefined,
    {},
    {
      stateDir,
      listen: { port: 0 },
      drain: { accept: 0, grace: 0 },
      log: { level: "error" },
      timeouts: { firstByte: 5000, firstContent: 5000 },
      // Short stays open, so that 59 kills fit into the time of one suite.
      breaker: { openFor: 250, openForMax: 250 },
      ...settings,
    },
  );
  const deps = { clock, random: systemRandom(), log: () => undefined };
  const gateway = await openGateway(config, deps);
  const { url } = await gateway.start();
  const key = gateway.firstKey?.secret ?? "";
  return {
    gateway,
    url,
    key,
    async hasBackup() {
      const text = await (await fetch(`${url}/health`)).text();
      return Number(/"pool:r":\{[^}]*"ready":(\d+)/.exec(text)?.[1] ?? 0) >= 2;
    },
    async switches() {
      const headers = { authorization: `Bearer ${key}` };
      const text = await (await fetch(`${url}/metrics`, { headers })).text();
      const count = (le: string): number =>
        Number(
          text.split(`loadline_switch_seconds_bucket{route="r",le="${le}"} `)[1]?.split("\n")[0],
        );
      return { all: count("+Inf"), inTime: count("0.5") };
    },
    async [Symbol.asyncDispose]() {
      await gateway.close({ graceMs: 0 });
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function routeOver(names: readonly string[]) {
  const groups = names.map((name) => ({ targets: [name] }));
  const backup = { min: 2, probeEvery: "200ms", deepEvery: "1s" };
  return { r: { models: ["m"], groups, backup } };
}

/** No call failed, and every switch the gateway measured took at most 500 ms. */
async function expectUnnoticed(name: string, running: Running, report: KillReport): Promise<void> {
  const { all, inTime } = await running.switches();
  process.stdout.write(sayKills(name, report));
  process.stdout.write(`${name}: ${all} switches, ${inTime} within 500 ms\n`);
  expect(report.kills).toBe(kills);
  const first = report.failed.slice(0, shownMax).map(({ status, text }) => `${status} ${text}`);
  expect(first).toEqual([]);
  expect(report.calls).toBeGreaterThan((kills * everyMs * perSecond) / 1000 / 2);
  expect(all).toBeGreaterThan(0);
  expect(inTime).toBe(all);
}

describe(`${kills} kills of what is active, under ${perSecond} calls a second`, () => {
  it(
    "of HTTP upstreams: no call fails and every switch takes at most 500 ms",
    async () => {
      const names = ["u1", "u2", "u3"];
      await using upstreams = await startHttpUpstreams(names);
      const targets = Object.fromEntries(
        names.map((name) => {
          const baseUrl = `http://127.0.0.1:${upstreams.ports.get(name) ?? 0}/v1`;
          return [name, { provider: "openai-compatible", model: "fault", baseUrl }] as const;
        }),
      );
      await using running = await start({ targets, routes: routeOver(names) });
      const report = await runKills({
        ...running,
        clock,
        kills,
        perSecond,
        everyMs,
        model: "m",
        kill: (name) => upstreams.kill(name),
        canKill: running.hasBackup,
      });
      await expectUnnoticed("HTTP upstream", running, report);
    },
    timeoutMs,
  );

  it(
    "of in-process model hosts: no call fails and every switch takes at most 500 ms",
    async () => {
      const path = join(repositoryRoot, "packages/gateway/models/tiny/loadline-tiny.gguf");
      const names = ["h1", "h2", "h3"];
      const target = { provider: "llama", model: "tiny", path, sequences: 2 };
      const targets = Object.fromEntries(names.map((name) => [name, target]));
      await using running = await start({ targets, routes: routeOver(names) });
      await eventually(clock, running.hasBackup, startDeadlineMs);
      const report = await runKills({
        ...running,
        clock,
        kills,
        perSecond,
        everyMs,
        model: "m",
        kill: (name) => Promise.resolve(killHost(name)),
        canKill: running.hasBackup,
      });
      await expectUnnoticed("model host", running, report);
    },
    timeoutMs,
  );
});

/** Kills the model host that serves a target, known by its socket among our own children. */
function killHost(name: string): boolean {
  const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)]);
  const line = children
    .toString()
    .split("\n")
    .find((text) => text.includes(`/${name}.sock`));
  const pid = Number(line?.trim().split(" ")[0] ?? Number.NaN);
  if (!(pid > 0)) return false;
  process.kill(pid, "SIGKILL");
  return true;
}

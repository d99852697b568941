import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "@loadline/gateway";
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { removeFolder } from "../../../packages/testkit/src/remove-folder.ts";
import { expect, type TestContext } from "vitest";
import { openGateway } from "../../start-gateway.ts";
import { notTested, pressurePercentMax, skipNotTested } from "../../integration/machine.ts";
import type { Call } from "./load.ts";
import { type KillReport, runKills, sayKills } from "./run-kills.ts";

export const kills = 59;
export const perSecond = 50;
export const fronts = ["http1", "node"] as const;
export const killsTimeoutMs = 600_000;
const shownMax = 3;
const gapMsMax = 500;
/** With processors this busy, a slow switch may be the machine's doing. */
const pressureMax = 0.5;
/** With processors this busy, so few slow switches may be; a slow way to switch is slow each time. */
const someMax = { pressure: pressurePercentMax / 100, slowShare: 0.1 };
const clock = systemClock();

export interface Running extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  /** Whether the pool says that two of its targets are ready. */
  hasBackup(): Promise<boolean>;
  /** Switches so far, and how many of them took at most 500 ms. */
  switches(): Promise<{ readonly all: number; readonly inTime: number }>;
}

/** A gateway behind one of its fronts with one route over these targets, one of them a warm backup. */
export async function startRoute(
  front: (typeof fronts)[number],
  targets: Readonly<Record<string, object>>,
): Promise<Running> {
  const stateDir = mkdtempSync(join(tmpdir(), "ll-kills-"));
  const groups = Object.keys(targets).map((name) => ({ targets: [name] }));
  const backup = { min: 2, probeEvery: "200ms", deepEvery: "1s" };
  const config = loadConfig(
    undefined,
    {},
    {
      stateDir,
      listen: { port: 0 },
      http: { front },
      drain: { accept: 0, grace: 0 },
      log: { level: "error" },
      timeouts: { firstByte: 5000, firstContent: 5000 },
      // Short stays open, so that 59 kills fit into the time of one suite.
      breaker: { openFor: 250, openForMax: 250 },
      // The load shares its process: that a starved one sheds calls is another suite's matter.
      telemetry: { overloadAfter: 0 },
      targets,
      routes: { r: { models: ["m"], groups, backup } },
    },
  );
  const deps = { clock, random: systemRandom(), log: () => undefined };
  const gateway = await openGateway(config, deps);
  const { url } = await gateway.start();
  const key = gateway.firstKey?.secret ?? "";
  return {
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
      removeFolder(stateDir);
    },
  };
}

export interface Victim {
  readonly name: string;
  /** How often what is active is killed. */
  readonly kills: number;
  /** Shortest time between two kills, ms: enough for the next one to come up. */
  readonly everyMs: number;
  kill(target: string): Promise<boolean>;
}

/** Kills what is active again and again: no call may fail; skips where models had no processor. */
export async function killUnderLoad(
  context: TestContext,
  running: Running,
  { name, kills: wanted, everyMs, kill }: Victim,
): Promise<KillReport> {
  const { url, key, hasBackup: canKill } = running;
  const plan = { clock, url, key, kills: wanted, perSecond, everyMs, model: "m", kill, canKill };
  const report = await runKills(plan);
  process.stdout.write(sayKills(name, report));
  expect(report.kills).toBe(wanted);
  // A model in our own process that has too few processors sheds calls.
  const isShed = ({ text }: Call): boolean => text.includes('"class":"overloaded"');
  const isAllShed = report.failed.length > 0 && report.failed.every(isShed);
  if (isAllShed && report.pressure > pressureMax)
    skipNotTested(context, [notTested("no call fails", sayPressure(report))]);
  const first = report.failed.slice(0, shownMax).map(({ status, text }) => `${status} ${text}`);
  expect(first).toEqual([]);
  expect(report.calls).toBeGreaterThan((wanted * everyMs * perSecond) / 1000 / 2);
  return report;
}

/** Every switch the gateway measured took at most 500 ms; skips where the machine stood still. */
export async function expectFastSwitches(
  context: TestContext,
  running: Running,
  report: KillReport,
): Promise<void> {
  const { all, inTime } = await running.switches();
  process.stdout.write(`${all} switches, ${inTime} within 500 ms\n`);
  expect(all).toBeGreaterThan(0);
  const isFew = all - inTime <= all * someMax.slowShare;
  const limit = isFew ? someMax.pressure : pressureMax;
  if (inTime < all && report.pressure > limit) {
    skipNotTested(context, [notTested("switches within 500 ms", sayPressure(report))]);
  }
  expect(inTime).toBe(all);
}

/**
 * Callers waited at most 500 ms from the last good answer to the next, around every kill; skips where
 * the machine was busy.
 */
export function expectFastAnswers(
  context: TestContext,
  report: Pick<KillReport, "gapsMs" | "pressure">,
): void {
  const { gapsMs, pressure } = report;
  expect(gapsMs).toHaveLength(kills);
  const slow = gapsMs.filter((ms) => ms > gapMsMax);
  const isFew = slow.length <= gapsMs.length * someMax.slowShare;
  const limit = isFew ? someMax.pressure : pressureMax;
  if (slow.length > 0 && pressure > limit) {
    const why = `${slow.length} waited longer; ${sayPressure(report)}`;
    skipNotTested(context, [notTested("last good to first good answer within 500 ms", why)]);
  }
  expect(slow).toEqual([]);
}

const sayPressure = ({ pressure }: Pick<KillReport, "pressure">): string =>
  `for ${Math.round(pressure * 100)} % of the time something waited for a processor`;

import { systemClock } from "@loadline/kit/clock";
import { afterEach, describe, expect, it } from "vitest";
import {
  startReferenceTarget,
  type TargetOptions,
} from "../../../testkit/src/reference-target/index.ts";
import type { LiveFrame, LoadJob } from "../load/index.ts";
import { loadJob, removeRuns, runJob, verdictsOf } from "./load-job.fixture.ts";
import type { LoadRunDeps } from "./run-load-job.ts";
import type { ValidationResult } from "./types.ts";

const clock = systemClock();
const timeoutMs = 2_000;
/** Longer than the timeout, so that whatever is under way is late when the loop turns again. */
const standMs = 2_600;
const thresholds = { errors: ["rate<5%"], response_time: ["p(95)<1900ms"] };
const request = { kind: "http", method: "GET", path: "/" } as const;
const window = { durationMs: 3_000, request } as const;

type Scenario = LoadJob["load"]["scenarios"][string];

function run(
  baseUrl: string,
  get: Scenario,
  deps: Partial<LoadRunDeps> = {},
): Promise<ValidationResult> {
  const job = loadJob(baseUrl, thresholds);
  const timeouts = { firstByteMs: timeoutMs, totalMs: timeoutMs };
  return runJob({ ...job, load: { ...job.load, timeouts, scenarios: { get } } }, deps);
}

/** Whether the loop stood for long enough to matter, as the run's evidence tells it. */
function loopStood({ verdict }: ValidationResult): boolean {
  return JSON.stringify(verdict).includes("It once stood for");
}

/** Whether what was sent was late by about a quarter of the timeout. */
function senderLagged({ verdict }: ValidationResult): boolean {
  const lagMs = /lag had a p99 of ([\d.]+) ms/.exec(JSON.stringify(verdict))?.[1];
  return Number(lagMs ?? 0) > 0.2 * timeoutMs;
}

/** Holds this thread, and the sender in it. */
function stand(): void {
  const endMs = clock.monotonicMs() + standMs;
  let turns = 0;
  while (clock.monotonicMs() < endMs) turns += 1;
  expect(turns).toBeGreaterThan(0);
}

afterEach(removeRuns);

describe("calls that end by a timeout", () => {
  it("a target that hangs is failed, whatever lag of some ms its generator had", async (context) => {
    const hangs: TargetOptions = { delayMs: 60_000 };
    await using target = await startReferenceTarget();
    const configured: Promise<void>[] = [];
    const onFrame = ({ ok }: LiveFrame): void => {
      if (ok > 0 && configured.length === 0) configured.push(target.configure(hangs));
    };
    const scenario = {
      executor: "constant-arrival-rate",
      rate: 40,
      ...window,
      durationMs: 4_000,
    } as const;
    const result = await run(target.url, scenario, { onFrame });
    await Promise.all(configured);
    // Its own timers would keep it for a minute.
    process.kill(target.pid, "SIGKILL");
    const verdicts = verdictsOf(result);
    expect(verdicts["load.alive"]).toBe("passed");
    if (loopStood(result) || senderLagged(result)) {
      return context.skip("NOT TESTED: a target that hangs (this machine stood still itself)");
    }
    expect(verdicts["all.errors.rate"]).toMatch(/^failed/);
    expect(verdicts["all.response_time.p95"]).toMatch(/^failed/);
    expect(result.exitCode).toBe(1);
  }, 60_000);

  it("a generator that stood for longer than the timeout fails nobody by what it missed", async () => {
    await using target = await startReferenceTarget({ delayMs: 200 });
    let stood = false;
    const onFrame = ({ ok }: LiveFrame): void => {
      // Under way, and answered so far.
      if (stood || ok < 60) return;
      stood = true;
      // Before the timers of a turn, and so before anything is read that came meanwhile.
      setImmediate(stand);
    };
    const scenario = { executor: "constant-vus", vus: 30, ...window } as const;
    const result = await run(target.url, scenario, { onFrame });
    expect(stood).toBe(true);
    const verdicts = verdictsOf(result);
    expect(verdicts["all.errors.rate"]).toMatch(/^inconclusive/);
    expect(loopStood(result)).toBe(true);
  }, 60_000);
});

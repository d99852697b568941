import { existsSync, readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Clock, systemClock, type Timer } from "@loadline/kit/clock";
import { afterEach, describe, expect, it } from "vitest";
import {
  startReferenceTarget,
  type TargetOptions,
} from "../../../testkit/src/reference-target/index.ts";
import type { LiveFrame, LoadJob, LoadRecord } from "../load/index.ts";
import { loadJob, removeRuns, runJob, verdictsOf } from "./load-job.fixture.ts";
import type { LoadRunDeps } from "./run-load-job.ts";
import type { ValidationResult } from "./types.ts";

const pressureFile = "/proc/pressure/cpu";
const timeoutMs = 2_000;
const thresholds = { errors: ["rate<5%"], response_time: ["p(95)<1900ms"] };
const request = { kind: "http", method: "GET", path: "/" } as const;

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

/** What this machine did meanwhile, seen without the guards that are tested. */
class MachineWatch implements Disposable {
  readonly #loop = monitorEventLoopDelay({ resolution: 5 });
  #pressurePercent = 0;

  constructor() {
    this.#loop.enable();
  }

  look(): void {
    // A kernel that tells none has none.
    const text = existsSync(pressureFile) ? readFileSync(pressureFile, "utf8") : "";
    const percent = Number(/^some avg10=([\d.]+)/.exec(text)?.[1] ?? 0);
    this.#pressurePercent = Math.max(this.#pressurePercent, percent);
  }

  /** What of it may void a failure by timeouts, and the guards that may say so. */
  excuses(): { readonly why: string; readonly guards: readonly string[] }[] {
    const stoodMs = Math.round(this.#loop.max / 1e6);
    const percent = this.#pressurePercent;
    const all = [
      { isOne: stoodMs > 0.2 * timeoutMs, why: `its loop stood ${stoodMs} ms`, guards: ["loop"] },
      { isOne: percent > 20, why: `its CPU pressure was ${percent} %`, guards: ["pressure"] },
    ];
    return all
      .filter(({ isOne }) => isOne)
      .map(({ why, guards }) => ({ why, guards: [...guards, "pacer", "cpu"] }));
  }

  [Symbol.dispose](): void {
    this.#loop.disable();
  }
}

/** How long the run's evidence says that its generator once stood, in ms; 0 when it did not. */
function stoodMs({ verdict }: ValidationResult): number {
  return Number(/It once stood for ([\d.]+) ms/.exec(JSON.stringify(verdict))?.[1] ?? 0);
}

/** The machine's clock, which can leap: timers that fell due meanwhile run then, in their order. */
class LeapingClock implements Clock {
  readonly #machine = systemClock();
  readonly #pending = new Map<object, { readonly dueMs: number; readonly run: () => void }>();
  readonly #timers = new Map<object, Timer>();
  #leaptMs = 0;

  wallMs(): number {
    return this.#machine.wallMs() + this.#leaptMs;
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs() + this.#leaptMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const key = {};
    this.#pending.set(key, { dueMs: this.monotonicMs() + delayMs, run });
    this.#start(key);
    return {
      cancel: () => {
        this.#pending.delete(key);
        this.#timers.get(key)?.cancel();
        this.#timers.delete(key);
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = this.after(delayMs, resolve);
    const onAbort = (): void => {
      timer.cancel();
      reject(new Error("ended"));
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  leap(ms: number): void {
    this.#leaptMs += ms;
    const byDue = [...this.#pending].sort(([, a], [, b]) => a.dueMs - b.dueMs);
    for (const [key] of byDue) this.#start(key);
  }

  #start(key: object): void {
    const one = this.#pending.get(key);
    if (one === undefined) return;
    this.#timers.get(key)?.cancel();
    const run = (): void => {
      this.#pending.delete(key);
      this.#timers.delete(key);
      one.run();
    };
    const leftMs = Math.max(0, one.dueMs - this.monotonicMs());
    this.#timers.set(key, this.#machine.after(leftMs, run, { unref: true }));
  }
}

afterEach(removeRuns);

describe("calls that end by a timeout", () => {
  it("a target that hangs is failed, whatever lag of some ms its generator had", async (context) => {
    const hangs: TargetOptions = { delayMs: 60_000 };
    await using target = await startReferenceTarget();
    const configured: Promise<void>[] = [];
    using machine = new MachineWatch();
    const onFrame = ({ ok }: LiveFrame): void => {
      machine.look();
      if (ok > 0 && configured.length === 0) configured.push(target.configure(hangs));
    };
    const arrivals = { executor: "constant-arrival-rate", rate: 40, durationMs: 4_000 } as const;
    const voiding = new Set<string>();
    const onRecord = (record: LoadRecord): void => {
      if (record.type !== "guard" || record.guard.holds) return;
      if (record.guard.invalidates !== "pass") voiding.add(record.guard.guard);
    };
    const result = await run(target.url, { ...arrivals, request }, { onFrame, onRecord });
    await Promise.all(configured);
    // Its own timers would keep it for a minute.
    process.kill(target.pid, "SIGKILL");
    const verdicts = verdictsOf(result);
    expect(verdicts["load.alive"]).toBe("passed");
    machine.look();
    const excuses = machine.excuses();
    const allowed = excuses.flatMap((one) => one.guards.map((name) => `guard.load.${name}`));
    for (const guard of voiding) expect(allowed).toContain(guard);
    if (excuses.length > 0) {
      for (const one of ["errors.rate", "response_time.p95"]) {
        expect(verdicts[`all.${one}`]).toMatch(/^(inconclusive|failed)/);
      }
      const why = excuses.map((one) => one.why).join(", ");
      return context.skip(`NOT TESTED: the verdict of a target that hangs (this machine: ${why})`);
    }
    expect(verdicts["all.errors.rate"]).toMatch(/^failed/);
    expect(verdicts["all.response_time.p95"]).toMatch(/^failed/);
    expect(result.exitCode).toBe(1);
  }, 60_000);

  it("a generator that stood for longer than the timeout fails nobody by what it missed", async () => {
    // Nothing of what is under way is answered before the next look at timeouts.
    await using target = await startReferenceTarget({ delayMs: 500 });
    const clock = new LeapingClock();
    // Over the end of the run: no later answer makes the missed ones few.
    const standMs = 70_000;
    let stood = false;
    const onFrame = ({ ok }: LiveFrame): void => {
      if (stood || ok < 30) return;
      stood = true;
      clock.leap(standMs);
    };
    const scenario = { executor: "constant-vus", vus: 30, durationMs: 60_000, request } as const;
    const result = await run(target.url, scenario, { onFrame, clock });
    expect(stood).toBe(true);
    const verdicts = verdictsOf(result);
    expect(verdicts["all.errors.rate"]).toMatch(/^inconclusive/);
    expect(stoodMs(result)).toBeGreaterThan(0.99 * standMs);
  }, 60_000);
});

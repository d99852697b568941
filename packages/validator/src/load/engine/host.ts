import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "@loadline/kit/clock";

/** What the sender's thread and machine did while they sent. */
export interface HostFigures {
  readonly cpuP90: number;
  readonly loopMeanMs: number;
  readonly loopP99Ms: number;
  /** The longest the loop stood once, or was late for what was due. */
  readonly loopMaxMs: number;
  readonly pressurePercent: number | null;
}

/** The worst of several senders' figures, each for itself. */
export function worstHost(all: readonly HostFigures[]): HostFigures {
  const worst = (of: (one: HostFigures) => number): number => Math.max(0, ...all.map(of));
  const pressures = all.flatMap((one) => one.pressurePercent ?? []);
  return {
    cpuP90: worst((one) => one.cpuP90),
    loopMeanMs: worst((one) => one.loopMeanMs),
    loopP99Ms: worst((one) => one.loopP99Ms),
    loopMaxMs: worst((one) => one.loopMaxMs),
    pressurePercent: pressures.length === 0 ? null : Math.max(...pressures),
  };
}

/** The figure's own sampling period, part of every delay it reports. */
const loopResolutionMs = 1;
const pressureFile = "/proc/pressure/cpu";
/** Pauses at most until the delay of the turn under way is counted. */
const turnsMax = 50;

/** Watches the current thread; `sample` once a second. */
export class HostMonitor {
  readonly #clock: Clock;
  readonly #loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  readonly #cpu: number[] = [];
  #atMs: number;
  #cpuUs: number;
  #pressure: number | null = null;
  /** The longest that something of this thread was late by the clock. */
  #lateMaxMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
    this.#cpuUs = threadCpuUs();
    this.#loop.enable();
  }

  sample(): void {
    const nowMs = this.#clock.monotonicMs();
    const cpuUs = threadCpuUs();
    const spanMs = nowMs - this.#atMs;
    if (spanMs > 0) this.#cpu.push((cpuUs - this.#cpuUs) / 1000 / spanMs);
    this.#atMs = nowMs;
    this.#cpuUs = cpuUs;
    const pressure = readPressure();
    if (pressure !== null) this.#pressure = Math.max(this.#pressure ?? 0, pressure);
  }

  /** This thread's loop ran something so much later than it was due. */
  late(ms: number): void {
    this.#lateMaxMs = Math.max(this.#lateMaxMs, ms);
  }

  /**
   * The figures at the end. A delay is counted when the loop turns, so the turn under way is waited
   * for: timers that end a run come before it, right after a stand that made them late.
   */
  async stop(): Promise<HostFigures> {
    const counted = this.#loop.count;
    for (let turns = 0; this.#loop.count === counted && turns < turnsMax; turns++) {
      await this.#clock.sleep(loopResolutionMs);
    }
    this.#loop.disable();
    return this.now();
  }

  /** The figures so far. */
  now(): HostFigures {
    const cpu = this.#cpu.toSorted((a, b) => a - b);
    const delayMs = (ns: number): number => Math.max(0, (ns || 0) / 1e6 - loopResolutionMs);
    return {
      cpuP90: cpu[Math.max(0, Math.ceil(cpu.length * 0.9) - 1)] ?? 0,
      loopMeanMs: delayMs(this.#loop.mean),
      loopP99Ms: delayMs(this.#loop.percentile(99)),
      loopMaxMs: Math.max(delayMs(this.#loop.max), this.#lateMaxMs),
      pressurePercent: this.#pressure,
    };
  }
}

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/** PSI `some avg10` in %; null where the kernel has none. */
function readPressure(): number | null {
  let text: string;
  try {
    text = readFileSync(pressureFile, "utf8");
  } catch {
    return null;
  }
  const match = /^some avg10=([\d.]+)/.exec(text);
  return match ? Number(match[1]) : null;
}

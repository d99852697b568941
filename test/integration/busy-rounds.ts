/** Rounds that are measured again only where this machine was busy in them. */
import { existsSync, readFileSync } from "node:fs";
import { type Clock, systemClock } from "@loadline/kit/clock";
import { readStolen, stolenBetween } from "../../packages/validator/src/load/engine/stolen.ts";
import { cpuWaitedMs, notTested, pressurePercentMax, quietest } from "./machine.ts";

/** A burst is lost in the average of a long round: pressure is looked at by the second. */
const windowMs = 1000;
/** With more of one second lost than this, in per cent, a figure may be the machine's doing. */
const lostPercentMax = { cpu: 10, io: 5, stolen: 1 };
/** A timer that comes later than this stood behind something else than what is timed. */
const loopLateMsMax = 100;
const loopMs = 20;
const ioFile = "/proc/pressure/io";

/** What the machine kept everybody waiting for since boot. */
export interface Waits {
  readonly cpuMs: number;
  readonly ioMs: number;
  readonly stolen: ReturnType<typeof readStolen>;
}

export interface MachineWatch extends Disposable {
  /** Why the machine may have made what is off since the start; null when nothing says so. */
  excuse(): string | null;
}

const readWaits = (): Waits => ({
  cpuMs: cpuWaitedMs(),
  ioMs: existsSync(ioFile) ? cpuWaitedMs(readFileSync(ioFile, "utf8")) : 0,
  stolen: readStolen(),
});

/** Watches the machine; where the kernel does not say how busy it is, it always may have been. */
export function watchMachine(
  clock: Clock = systemClock(),
  read = readWaits,
  cpuPercentMax = lostPercentMax.cpu,
): MachineWatch {
  let last = { atMs: clock.monotonicMs(), ...read() };
  let excuse = last.cpuMs === 0 ? "the kernel does not say how busy it is" : null;
  const look = (): void => {
    const now = { atMs: clock.monotonicMs(), ...read() };
    // Less than a whole second says little, so that its share is one of a second.
    const tookMs = Math.max(windowMs, now.atMs - last.atMs);
    const cpu = ((now.cpuMs - last.cpuMs) / tookMs) * 100;
    const io = ((now.ioMs - last.ioMs) / tookMs) * 100;
    const { stealPercent, throttledPeriods } = stolenBetween(last.stolen, now.stolen);
    const isStolen = stealPercent > lostPercentMax.stolen || throttledPeriods > 0;
    if (cpu > cpuPercentMax || io > lostPercentMax.io || isStolen)
      excuse ??=
        `in one second ${cpu.toFixed(0)} % waited for a CPU, ${io.toFixed(0)} % for a disk, ` +
        `${stealPercent.toFixed(1)} % stolen, ${throttledPeriods} x throttled`;
    last = now;
  };
  const tick = (): void => {
    look();
    timer = clock.after(windowMs, tick);
  };
  let timer = clock.after(windowMs, tick);
  return {
    excuse() {
      look();
      return excuse;
    },
    [Symbol.dispose]: () => timer.cancel(),
  };
}

/**
 * A look of `judgeRounds` by the second: a burst is lost in the average of a round. The processes
 * that a round starts wait for a CPU themselves, on a quiet machine in a tenth of a second or more.
 */
export function lookBySecond(clock: Clock = systemClock(), read = readWaits): () => string | null {
  const watching = watchMachine(clock, read, pressurePercentMax);
  return () => {
    using ending = watching;
    return ending.excuse();
  };
}

/** The same, and how late timers of this process come: with them a test sees what it times. */
export function watchLoopToo(
  clock: Clock = systemClock(),
  machine: MachineWatch = watchMachine(clock),
): MachineWatch {
  let dueMs = clock.monotonicMs() + loopMs;
  let latestMs = 0;
  const look = (): void => void (latestMs = Math.max(latestMs, clock.monotonicMs() - dueMs));
  const tick = (): void => {
    look();
    dueMs = clock.monotonicMs() + loopMs;
    timer = clock.after(loopMs, tick);
  };
  let timer = clock.after(loopMs, tick);
  return {
    excuse() {
      look();
      const late = `a timer of the test itself came ${latestMs.toFixed(0)} ms late`;
      return machine.excuse() ?? (latestMs > loopLateMsMax ? late : null);
    },
    [Symbol.dispose]() {
      timer.cancel();
      machine[Symbol.dispose]();
    },
  };
}

/**
 * The first of at most `roundsMax` rounds that `isGood` or that nothing excuses, else the last: for
 * a law of many events, of which a fault breaks it in a few alone, so that some rounds are good.
 */
export async function quietestExcused<T>(
  measure: () => Promise<T>,
  isGood: (round: T) => boolean,
  roundsMax = 4,
  watch: () => MachineWatch = watchMachine,
): Promise<T> {
  return (await judgedRound(measure, isGood, roundsMax, watch)).seen;
}

/** A round, and why the machine may have made what is off in it; null when nothing says so. */
export interface JudgedRound<T> {
  readonly seen: T;
  readonly excuse: string | null;
}

/** The same with its excuse, for a law that a busy machine may keep a test from showing at all. */
export async function judgedRound<T>(
  measure: () => Promise<T>,
  isGood: (round: T) => boolean,
  roundsMax = 4,
  watch: () => MachineWatch = watchLoopToo,
): Promise<JudgedRound<T>> {
  const round = async (): Promise<JudgedRound<T>> => {
    using watching = watch();
    const seen = await measure();
    return { seen, excuse: watching.excuse() };
  };
  const isLast = (one: JudgedRound<T>): boolean => isGood(one.seen) || one.excuse === null;
  return quietest(round, isLast, roundsMax);
}

/**
 * Nothing for a figure within its bound. One beyond it throws where nothing excuses it; else it says
 * that the bound was not tested: see `skipNotTested`.
 */
export function notesBeyond(
  { seen, excuse }: JudgedRound<number>,
  maxMs: number,
): readonly string[] {
  if (seen <= maxMs) return [];
  const ms = Math.round(seen);
  if (excuse === null) throw new Error(`${ms} ms, beyond ${maxMs} ms, and nothing excuses it`);
  return [notTested(`within ${maxMs} ms`, `${ms} ms, but ${excuse}`)];
}

/** How busy this machine is, and what a suite says of that which a busy machine kept it from showing. */
import { existsSync, readFileSync } from "node:fs";
import type { TestContext } from "vitest";

export { quietest } from "../../packages/testkit/src/quietest.ts";

/** With more pressure than this, in per cent, a figure of time may be the machine's doing. */
export const pressurePercentMax = 25;

const pressureFile = "/proc/pressure/cpu";

/** The kernel's own words on CPU pressure; empty where it has none. */
const pressureText = (): string =>
  existsSync(pressureFile) ? readFileSync(pressureFile, "utf8") : "";

/** Share of the last 10 s in which something waited for a CPU, per cent; 100 when it is unknown. */
export function machinePressurePercent(text = pressureText()): number {
  return Number(/^some avg10=([\d.]+)/m.exec(text)?.[1] ?? 100);
}

/** For how long something waited for a CPU since boot, ms; 0 where the kernel does not say. */
export function cpuWaitedMs(text = pressureText()): number {
  return Number(/^some .*total=(\d+)/m.exec(text)?.[1] ?? 0) / 1000;
}

/** Prints which part of a suite this machine could not show, and returns the line. */
export function notTested(what: string, why: string): string {
  const note = `NOT TESTED: ${what} (${why})`;
  process.stderr.write(`${note}\n`);
  return note;
}

/**
 * Counts the test as skipped when there is anything that was not tested. The last line of a test:
 * what could be shown has held by then.
 */
export function skipNotTested(context: Pick<TestContext, "skip">, notes: readonly string[]): void {
  if (notes.length > 0) context.skip(notes.join("; "));
}

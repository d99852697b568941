import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a measured child says: where it listens, and its CPU time and memory when asked. */
export interface Ready {
  readonly port: number;
  readonly key: string;
}

export interface Sample {
  /** All threads, user and system. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** What a parent asks for: a sample, or one after everything that nobody holds was collected. */
export type Question = "sample" | "collected";

/** Announces the child and answers each question of the parent. */
export function report(ready: Ready): void {
  process.send?.(ready);
  process.on("message", (question) => {
    if (question === "collected") collect();
    const { user, system } = process.cpuUsage();
    const sample: Sample = { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
    process.send?.(sample);
  });
  process.on("disconnect", () => process.exit(0));
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc === "function") gc();
}

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

/** Announces the child and answers each message of the parent with a sample. */
export function report(ready: Ready): void {
  process.send?.(ready);
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    const sample: Sample = { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
    process.send?.(sample);
  });
  process.on("disconnect", () => process.exit(0));
}

/**
 * One JSON line per event, written in batches. A logger never sees a prompt or a key: callers
 * pass names, codes and numbers only.
 *
 * ```ts
 * const logger = createLogger({ clock, write: (text) => void process.stderr.write(text) });
 * logger.info("listening", { url });
 * ```
 */
export { createHeldOutput, type HeldOutput, type Output } from "./held-output.ts";
export { createLogger } from "./logger.ts";
export type { LeveledLogger, LogFields, Logger, LoggerDeps, LogLevel } from "./logger.ts";
export { oncePerSecond } from "./once-per-second.ts";

import type { Clock } from "@loadline/kit/clock";
import { createLogger, type LeveledLogger } from "@loadline/kit/logger";

export interface KeptLog {
  readonly logger: LeveledLogger;
  /** Everything that was logged so far. */
  text(): string;
}

/** A logger with lines of its own: what it is told after its test stands in no other test's text. */
export function keepLog(clock: Clock): KeptLog {
  let lines = "";
  const logger = createLogger({ clock, write: (text) => void (lines += text) });
  return {
    logger,
    text() {
      logger.flush();
      return lines;
    },
  };
}

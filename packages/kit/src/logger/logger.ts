import type { Clock, Timer } from "../clock/index.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A ready-made JSON line without its newline, at level info: for the hot path. */
  line(json: string): void;
  readonly isInfo: boolean;
  /** ISO time of now, formatted once per millisecond. */
  time(): string;
  /** Hands everything collected so far to `write`. */
  flush(): void;
}

/** A logger whose level can change. */
export interface LeveledLogger extends Logger {
  setLevel(level: LogLevel): void;
  /** Calls `run` with each error that is logged, whatever the level; it must not throw or log errors. */
  onError(run: (event: string, fields: LogFields) => void): void;
}

export interface LoggerDeps {
  readonly clock: Clock;
  /** Takes whole lines, each ended by a newline. */
  readonly write: (text: string) => void;
  /** Default `info`. */
  readonly level?: LogLevel;
}

const ranks: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  silent: 4,
};
const batchMs = 50;
const batchBytes = 65_536;

/** Lines wait up to 50 ms or 64 KiB; errors are written at once. */
export function createLogger(deps: LoggerDeps): LeveledLogger {
  let rank = ranks[deps.level ?? "info"];
  // Lines are copied out at once: kept as text, the pieces of each would live until the flush.
  const held = Buffer.allocUnsafe(batchBytes);
  let used = 0;
  let timer: Timer | undefined;
  let timeMs = -1;
  let timeText = "";
  const flush = (): void => {
    timer?.cancel();
    timer = undefined;
    if (used === 0) return;
    const text = held.toString("utf8", 0, used);
    used = 0;
    deps.write(text);
  };
  const push = (json: string): void => {
    const line = `${json}\n`;
    const most = line.length * 3;
    if (used + most > batchBytes) flush();
    if (most > batchBytes) {
      deps.write(line);
      return;
    }
    used += held.write(line, used, "utf8");
    timer ??= deps.clock.after(batchMs, flush, { unref: true });
  };
  const time = (): string => {
    const now = deps.clock.wallMs();
    if (now !== timeMs) {
      timeMs = now;
      timeText = new Date(now).toISOString();
    }
    return timeText;
  };
  const listeners: ((event: string, fields: LogFields) => void)[] = [];
  const at =
    (level: Exclude<LogLevel, "silent">) =>
    (event: string, fields?: LogFields): void => {
      if (level === "error") for (const run of listeners) run(event, fields ?? {});
      if (ranks[level] < rank) return;
      push(JSON.stringify({ time: time(), level, event, ...fields }));
      if (level === "error") flush();
    };
  let isInfo = rank <= ranks.info;
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    line: (json) => {
      if (isInfo) push(json);
    },
    get isInfo() {
      return isInfo;
    },
    setLevel(level) {
      rank = ranks[level];
      isInfo = rank <= ranks.info;
    },
    onError: (run) => void listeners.push(run),
    time,
    flush,
  };
}

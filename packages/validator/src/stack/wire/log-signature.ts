import { isRecord } from "@loadline/kit/json";

/** A line as a log reader sees it. */
export interface LogLine {
  /** JSON with a time and a level. */
  readonly isStructured: boolean;
  readonly isError: boolean;
  /** As it is written; null where there is none. */
  readonly time: string | null;
  /** What stays the same when the same error comes again. */
  readonly signature: string;
}

const timeKeys = ["time", "timestamp", "ts", "@timestamp", "t"];
const levelKeys = ["level", "severity", "lvl", "log.level"];
const textKeys = ["msg", "message", "event", "error", "err"];
const errorLevels = /^(err(or)?|fatal|crit(ical)?|panic|alert|emerg(ency)?)$/i;
const errorWords =
  /\b(ERROR|FATAL|CRITICAL|PANIC|EMERG|Traceback|Unhandled|Exception|panic:|segfault)\b/;
const isoTime = /\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?/;
const signatureCharactersMax = 160;

/** The text without what differs from one time to the next: numbers, ids, addresses, quoted words. */
export function signatureOf(text: string): string {
  return text
    .replace(isoTime, "")
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, "#")
    .replaceAll(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, "#")
    .replaceAll(/"[^"]{0,200}"|'[^']{0,200}'/g, "*")
    .replaceAll(/\d+(\.\d+)*/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim()
    .slice(0, signatureCharactersMax);
}

const first = (line: Readonly<Record<string, unknown>>, keys: readonly string[]): string | null => {
  for (const key of keys) {
    const value = line[key];
    if (typeof value === "string" || typeof value === "number") return String(value);
  }
  return null;
};

/** pino and bunyan write levels as numbers, 50 and 60 for errors. */
const isErrorLevel = (level: string): boolean => errorLevels.test(level) || Number(level) >= 50;

/** Reads one line; a line that is no JSON is judged by its words. */
export function readLogLine(line: string): LogLine {
  let value: unknown;
  if (line.startsWith("{")) {
    try {
      value = JSON.parse(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  if (!isRecord(value)) {
    const isError = errorWords.test(line);
    const time = isoTime.exec(line)?.[0] ?? null;
    return { isStructured: false, isError, time, signature: isError ? signatureOf(line) : "" };
  }
  const time = first(value, timeKeys);
  const level = first(value, levelKeys);
  const isError = level !== null && isErrorLevel(level);
  const signature = isError ? signatureOf(first(value, textKeys) ?? line) : "";
  return { isStructured: time !== null && level !== null, isError, time, signature };
}

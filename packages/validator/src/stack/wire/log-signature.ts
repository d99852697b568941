import { isRecord, parseJson } from "@loadline/kit/json";

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
const levels =
  "trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|crit(?:ical)?|panic|alert|emerg(?:ency)?";
/** A level as logfmt writes it. */
const levelWord = new RegExp(`(?:^|\\s)(?:level|severity|lvl)=["']?(${levels})\\b`, "i");
/** An error as nginx writes it. */
const errorBracket = /\s\[(?:emerg|alert|crit|error)\]\s/;
/** The text of a line of logfmt. */
const textWord = /(?:^|\s)(?:msg|message|event|error|err)="((?:[^"\\]|\\.){1,2000})"/;
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

type Mask = (text: string) => string;

/** pino and bunyan write levels as numbers, 50 and 60 for errors. */
const isErrorLevel = (level: string): boolean => errorLevels.test(level) || Number(level) >= 50;

/** A line that is no JSON; words in quotes after a level are what was shown, not what happened. */
function readWords(line: string, mask: Mask): LogLine {
  const level = levelWord.exec(line)?.[1];
  const bare = level === undefined ? line : line.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  const isTold = level !== undefined && isErrorLevel(level);
  const isError = isTold || errorBracket.test(line) || errorWords.test(bare);
  const text = (level === undefined ? undefined : textWord.exec(line)?.[1]) ?? line;
  const time = isoTime.exec(line)?.[0] ?? null;
  return { isStructured: false, isError, time, signature: isError ? signatureOf(mask(text)) : "" };
}

/**
 * Reads one line; one that tells no level is judged by its words. Secrets are masked before the
 * signature is made, which takes their digits away.
 */
export function readLogLine(line: string, mask: Mask = (text) => text): LogLine {
  const value = line.startsWith("{") ? parseJson(line) : undefined;
  if (!isRecord(value)) return readWords(line, mask);
  const time = first(value, timeKeys);
  const level = first(value, levelKeys);
  const text = first(value, textKeys) ?? line;
  const isError = level === null ? errorWords.test(text) : isErrorLevel(level);
  const signature = isError ? signatureOf(mask(text)) : "";
  return { isStructured: time !== null && level !== null, isError, time, signature };
}

const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const wholeDuration = /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d))+$/;
const durationPart = /(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/g;

/** `30s`, `500ms`, `1h30m` in ms; null for anything else, a bare number too. */
export function parseDurationMs(text: string): number | null {
  if (!wholeDuration.test(text)) return null;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(durationPart)) {
    ms += Number(count) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  return Number.isFinite(ms) ? ms : null;
}

/** `1s..3s` or `2s`, as ms; null for anything else and for a range that runs backwards. */
export function parseRangeMs(
  text: string,
): { readonly minMs: number; readonly maxMs: number } | null {
  const [from = "", to, more] = text.split("..");
  const minMs = parseDurationMs(from);
  const maxMs = to === undefined ? minMs : parseDurationMs(to);
  if (more !== undefined || minMs === null || maxMs === null || maxMs < minMs) return null;
  return { minMs, maxMs };
}

const rateText = /^(\d+(?:\.\d+)?)\/(s|m|h)$/;

/** `20/s`, `600/m`, `1000/h` as events per second; null for anything else. */
export function parseRatePerSecond(text: string): number | null {
  const match = rateText.exec(text);
  if (match === null) return null;
  return (Number(match[1]) * 1000) / (unitMs[match[2] ?? ""] ?? Number.NaN);
}

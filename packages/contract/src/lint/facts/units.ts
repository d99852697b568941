import type { Dimension } from "../types.ts";

interface Unit {
  readonly dimension: Dimension;
  /** Base units in one of these. */
  readonly factor: number;
}

const table: readonly (readonly [Dimension, number, string])[] = [
  ["percent", 1, "% percent pct"],
  ["time", 1, "ms msec millisecond milliseconds"],
  ["time", 0.001, "us \u00b5s \u03bcs microsecond microseconds"],
  ["time", 1e-6, "ns nanoseconds"],
  ["time", 1_000, "s sec secs second seconds sek sekunden"],
  ["time", 60_000, "min mins minute minutes minuten"],
  ["time", 3_600_000, "h hr hrs hour hours stunden"],
  ["time", 86_400_000, "d day days tage"],
  ["bytes", 1, "b byte bytes"],
  ["bytes", 1e3, "kb"],
  ["bytes", 1e6, "mb"],
  ["bytes", 1e9, "gb"],
  ["bytes", 1e12, "tb"],
  ["bytes", 1_024, "kib"],
  ["bytes", 1_048_576, "mib"],
  ["bytes", 1_073_741_824, "gib"],
  ["rate", 1, "rps qps tps req/s requests/s requests/second req/sec tokens/s tok/s ops/s msg/s /s"],
  ["rate", 1 / 60, "rpm req/min requests/min requests/minute /min"],
  ["factor", 1, "x \u00d7 times"],
  ["points", 1, "points pts"],
];

const units: ReadonlyMap<string, Unit> = new Map(
  table.flatMap(([dimension, factor, names]) =>
    names.split(" ").map((name) => [name, { dimension, factor }] as const),
  ),
);

/** Longest name first: what may follow a figure, with or without a space. */
const unitPattern =
  /^[ \u00a0\u202f\u2009]?(%|[a-zA-Z\u00b5\u03bc\u00d7]{1,12}(?:\/[a-zA-Z]{1,7})?|\/(?:s|min))(?![\w%])/;

/** The unit right behind a figure, and how many characters it takes with its space. */
export function unitAt(text: string, at: number): (Unit & { name: string; length: number }) | null {
  const match = unitPattern.exec(text.slice(at, at + 24));
  const name = (match?.[1] ?? "").toLowerCase();
  const unit = units.get(name) ?? units.get(name.split("/")[0] ?? "");
  if (match === null || unit === undefined) return null;
  // `12 d` and `5 b` are letters of something else more often than units.
  if (/^[bdx]$/.test(name) && match[0].length > 1 && name !== "x") return null;
  if (!units.has(name)) return null;
  return { ...unit, name, length: match[0].length };
}

/** Thousands and millions written as a letter right behind the digits. */
export function suffixFactor(text: string, at: number): number {
  const next = text[at + 1] ?? "";
  if (/[\w%/]/.test(next)) return 1;
  const sign = text[at];
  if (sign === "k" || sign === "K") return 1_000;
  return sign === "M" ? 1_000_000 : 1;
}

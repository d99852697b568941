const unitMs: ReadonlyMap<string, number> = new Map(
  (
    [
      [86_400_000, "d day days tag tage"],
      [3_600_000, "h hr hrs hour hours std stunde stunden"],
      [60_000, "m min mins minute minutes minuten"],
      [1_000, "s sec secs second seconds sek sekunden"],
      [1, "ms"],
    ] as const
  ).flatMap(([ms, names]) => names.split(" ").map((name) => [name, ms] as const)),
);

/** Parts of one duration, from days down to milliseconds. */
const partsMax = 5;
const partPattern =
  /^(?:\s{0,2}|[\u00a0\u202f\u2009])(\d{1,6})(?:\.(\d{1,3}))?[ \u00a0\u202f\u2009]?([a-zA-Z]{1,8})(?![a-zA-Z%/])/;

/** A duration in several units, `1 h 32 min` or `2m30s`. */
export interface CompoundTime {
  readonly ms: number;
  /** Half a unit of the last shown digit, ms. */
  readonly halfMs: number;
  readonly end: number;
  /** Name of its smallest unit, lower case. */
  readonly unit: string;
}

/**
 * The duration that begins at `at`, when at least two parts follow each other in falling units with
 * nothing but blanks between them; null for one figure, and for a list such as `1 h, 5 min`.
 */
export function compoundTimeAt(text: string, at: number): CompoundTime | null {
  let [ms, end, last, count] = [0, at, Infinity, 0];
  let [halfMs, unit] = [0, ""];
  while (count < partsMax) {
    const match = partPattern.exec(text.slice(end, end + 24));
    const name = (match?.[3] ?? "").toLowerCase();
    const each = unitMs.get(name);
    if (match === null || each === undefined || each >= last) break;
    const [whole, , fraction = ""] = match;
    ms += Number(`${match[1]}.${fraction === "" ? "0" : fraction}`) * each;
    halfMs = (each * 0.5) / 10 ** fraction.length;
    [end, last, unit, count] = [end + whole.length, each, name, count + 1];
    // A fraction ends it: nothing smaller follows `1.5 h`.
    if (fraction !== "") break;
  }
  return count >= 2 ? { ms, halfMs, end, unit } : null;
}

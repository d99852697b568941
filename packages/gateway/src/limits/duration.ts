const usPerMs = 1000;
const msPerSecond = 1000;
const secondsPerMinute = 60;

/** What follows a whole number, for each number of thousandths: "", ".001" to ".999". */
const fractions: readonly string[] = Array.from({ length: msPerSecond }, (_, one) =>
  one === 0 ? "" : `.${String(one).padStart(3, "0")}`.replace(/0+$/, ""),
);

/** Milliseconds, rounded to a thousandth, as a number is spelled: `0`, `0.5`, `12.345`. */
export function spellMs(ms: number): string {
  const us = Math.round(ms * usPerMs);
  const whole = Math.floor(us / usPerMs);
  // Integers are spelled in a tenth of the time that fractions take.
  return `${whole}${fractions[us - whole * usPerMs] ?? ""}`;
}

/** Microseconds as OpenAI spells durations, in whole ms rounded up: `0s`, `0.02s`, `1m3.5s`. */
export function spellDuration(us: number): string {
  const ms = Math.ceil(us / usPerMs);
  const whole = Math.floor(ms / msPerSecond);
  const fraction = fractions[ms - whole * msPerSecond] ?? "";
  if (whole < secondsPerMinute) return `${whole}${fraction}s`;
  const minutes = Math.floor(whole / secondsPerMinute);
  return `${minutes}m${whole - minutes * secondsPerMinute}${fraction}s`;
}

const usPerMs = 1000;
const msPerSecond = 1000;
const secondsPerMinute = 60;

/** What follows the whole seconds, for each number of ms under a second: "", ".001" to ".999". */
const fractions: readonly string[] = Array.from({ length: msPerSecond }, (_, ms) =>
  ms === 0 ? "" : `.${String(ms).padStart(3, "0")}`.replace(/0+$/, ""),
);

/** Microseconds as OpenAI spells durations, in whole ms rounded up: `0s`, `0.02s`, `1m3.5s`. */
export function spellDuration(us: number): string {
  const ms = Math.ceil(us / usPerMs);
  const whole = Math.floor(ms / msPerSecond);
  const fraction = fractions[ms - whole * msPerSecond] ?? "";
  if (whole < secondsPerMinute) return `${whole}${fraction}s`;
  const minutes = Math.floor(whole / secondsPerMinute);
  return `${minutes}m${whole - minutes * secondsPerMinute}${fraction}s`;
}

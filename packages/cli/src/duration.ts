import { cliErrors } from "./errors.ts";

const unitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const pattern = /^(\d{1,6})(s|m|h|d)$/;

/** `90s`, `15m`, `24h` or `30d` as ms; LL_CLI_VALUE for anything else. */
export function parseDurationMs(option: string, text: string): number {
  const [, count, unit = ""] = pattern.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (count !== undefined && unitMs !== undefined) return Number(count) * unitMs;
  throw cliErrors.make("LL_CLI_VALUE", `--${option} is a time such as 90s, 15m, 24h or 30d.`);
}

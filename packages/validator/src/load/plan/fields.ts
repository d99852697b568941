import { z } from "zod";
import { tagNames } from "../thresholds/tag-names.ts";
import { parseDurationMs, parseRangeMs, parseRatePerSecond } from "./units.ts";

const durationHelp = 'write a duration with its unit, for example "30s", "500ms" or "5m"';
const rangeHelp = 'write a duration or a range of them, for example "2s" or "1s..3s"';
const rateHelp = 'write a positive number of events per timeUnit, or "20/s", "600/m", "100/h"';

/** A duration above zero, in ms once parsed. */
export const duration = z.string({ error: durationHelp }).transform((text, context) => {
  const ms = parseDurationMs(text);
  if (ms !== null && ms > 0) return ms;
  context.addIssue({ code: "custom", message: ms === 0 ? "is zero" : durationHelp });
  return z.NEVER;
});

/** A duration that may be zero, in ms once parsed. */
export const durationOrZero = z.string({ error: durationHelp }).transform((text, context) => {
  const ms = parseDurationMs(text);
  if (ms !== null) return ms;
  context.addIssue({ code: "custom", message: durationHelp });
  return z.NEVER;
});

/** A pause: one duration, or a range of which each pause draws one. */
export const pause = z.string({ error: rangeHelp }).transform((text, context) => {
  const range = parseRangeMs(text);
  if (range !== null) return range;
  context.addIssue({ code: "custom", message: rangeHelp });
  return z.NEVER;
});

/** Events per `timeUnit`, or a rate with a unit of its own. */
export const rate = z
  .union([z.number(), z.string()], { error: rateHelp })
  .transform((value, context): { readonly perUnit: number } | { readonly perSecond: number } => {
    const perSecond = typeof value === "string" ? parseRatePerSecond(value) : null;
    if (perSecond !== null && perSecond > 0) return { perSecond };
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return { perUnit: value };
    context.addIssue({ code: "custom", message: rateHelp });
    return z.NEVER;
  });

/** A rate that may be zero: where a ramp begins or ends. */
export const rateOrZero = z.union([
  z.literal(0).transform((perUnit): { readonly perUnit: number } => ({ perUnit })),
  rate,
]);

/** Events per second of a parsed rate. */
export function perSecondOf(
  value: { readonly perUnit: number } | { readonly perSecond: number },
  timeUnitMs: number,
): number {
  return "perSecond" in value ? value.perSecond : (value.perUnit * 1000) / timeUnitMs;
}

/** A name in series, reports and thresholds. */
export const name = z
  .string()
  .regex(/^[A-Za-z_][\w.-]{0,63}$/, "use letters, digits, _ . - (64 at most), first a letter");

/** Fixed tags of requests. */
export const tags = z.record(name, z.string().max(200)).superRefine((given, context) => {
  for (const tag of Object.keys(given)) {
    if (!tagNames.includes(tag)) continue;
    const message = "has a meaning of its own in thresholds: take another name";
    context.addIssue({ code: "custom", path: [tag], message });
  }
});

/** `./file.ts#export`, next to the plan. */
export const moduleExport = z
  .string()
  .regex(/^[^#\0]+\.(?:ts|mts|js|mjs)#[A-Za-z_$][\w$]*(?:\/[\w.-]+)?$/, 'write "./file.ts#export"');

import { breakerDefaults, type BreakerSettings } from "@loadline/kit/circuit-breaker";
import { z } from "zod";
import { durationMs } from "../config/values.ts";

const secondMs = 1000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const share = z.number().min(0).max(1);

/** How the targets of a group are ordered. */
export const strategyIds = [
  "priority",
  "weighted",
  "cheapest",
  "least-latency",
  "prefix-affinity",
] as const;

export type StrategyId = (typeof strategyIds)[number];

export const strategyConfig = z
  .enum(strategyIds)
  .default("priority")
  .describe("Order within the group: priority takes the first usable target.");

const breakerKeys = z.strictObject({
  rate: z.number().min(0.01).max(1).describe("Share of failures that must be exceeded, 0-1."),
  minVolume: z.int().min(1).max(10_000).describe("Calls below which the rate says nothing."),
  minFailures: z.int().min(1).max(1000).describe("Failures below which the rate says nothing."),
});

/** Section `breaker` of the configuration. */
export const breakerConfig = z.strictObject({
  rate: breakerKeys.shape.rate.default(breakerDefaults.rate),
  minVolume: breakerKeys.shape.minVolume.default(breakerDefaults.minVolume),
  minFailures: breakerKeys.shape.minFailures.default(breakerDefaults.minFailures),
  window: durationMs({ min: secondMs, max: hourMs, default: breakerDefaults.windowMs }).describe(
    "Calls of this long count (ms).",
  ),
  openFor: durationMs({ min: 50, max: hourMs, default: breakerDefaults.openForMs }).describe(
    "First stay open (ms); doubles per failed trial.",
  ),
  openForMax: durationMs({ min: 50, max: hourMs, default: breakerDefaults.openForMaxMs }).describe(
    "Longest stay open (ms).",
  ),
});

/** Section `retry` of the configuration. */
export const retryConfig = z.strictObject({
  attempts: z
    .int()
    .min(1)
    .max(3)
    .default(3)
    .describe("Upstream calls per request, first included."),
  waitMax: durationMs({ min: 0, max: minuteMs, default: 2000 }).describe(
    "Longest Retry-After that is waited for when no other target is left (ms); 0: never.",
  ),
  budgetShare: share.default(0.1).describe("Retries at one target, as a share of its requests."),
  budgetPerSecond: z.number().min(0).max(1000).default(1).describe("Retries a second beyond it."),
});

/** Keys of a target that routing reads, beside those of its provider. */
export const targetRoutingConfig = z.strictObject({
  weight: z.number().min(0.001).max(1000).default(1).describe("Share in a weighted group."),
  maxInFlight: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Calls under way at the target, per process; absent: its connections decide."),
  price: z
    .strictObject({
      input: z.number().min(0).max(1e6).describe("Per million input tokens."),
      output: z.number().min(0).max(1e6).describe("Per million output tokens."),
    })
    .optional()
    .describe("What a cheapest group compares; absent: its model's in prices, else dearest."),
  breaker: breakerKeys.partial().optional().describe("The section breaker for this target alone."),
});

export const targetRoutingKeys: readonly string[] = Object.keys(targetRoutingConfig.shape);

const hedge = z.strictObject({
  after: durationMs({ min: 10, max: minuteMs, default: 200 }).describe(
    "A second target starts at the earliest after this (ms), or the p95 of 5 minutes.",
  ),
  share: share
    .max(0.02)
    .default(0.02)
    .describe("Largest share of requests that is hedged, 0-0.02."),
});

/** A target of a pool is ready for so long after a completion, ms. */
export const provenMs = 2 * minuteMs;

const backup = z
  .strictObject({
    min: z.int().min(1).max(16).default(2).describe("Targets of the route kept ready."),
    probeEvery: durationMs({ min: 100, max: minuteMs, default: 5000 }).describe(
      "Gap between cheap probes (ms).",
    ),
    deepEvery: durationMs({ min: 200, max: provenMs, default: minuteMs }).describe(
      "Gap between 1-token completions (ms); with probeEvery at most two minutes.",
    ),
  })
  .refine(({ probeEvery, deepEvery }) => probeEvery + deepEvery <= provenMs, {
    path: ["deepEvery"],
    message: "a completion proves a target for two minutes: probeEvery and deepEvery are longer",
  });

const off = z.literal("off");
const routeTimeout = (text: string) =>
  durationMs({ max: hourMs, default: 0 }).removeDefault().optional().describe(text);

/** Keys of a route beside its models and groups. */
export const routeRoutingShape = {
  timeouts: z
    .strictObject({
      firstByte: routeTimeout("Upstream's head (ms)."),
      firstContent: routeTimeout("First content (ms)."),
      idle: routeTimeout("Gap within a stream (ms)."),
      total: routeTimeout("Whole request (ms)."),
    })
    .optional()
    .describe("Overrides the section timeouts for this route."),
  hedge: z.union([off, hedge]).default("off").describe("A second target when the first is slow."),
  backup: z.union([off, backup]).default("off").describe("Targets kept warm by real probes."),
  resume: z
    .union([off, z.strictObject({ max: z.int().min(1).max(1).default(1).describe("Resumes.") })])
    .default("off")
    .describe("A cut text stream goes on at another target."),
  onContextLength: z
    .string()
    .max(64)
    .optional()
    .describe("Target asked when another said that the prompt is too long for its context."),
} as const;

/** What names the targets of a route. */
interface NamingRoute {
  readonly groups: readonly { readonly targets: readonly string[] }[];
  readonly onContextLength?: string | undefined;
}

/** The targets of a route's groups, each once, in order of preference. */
export function groupTargets({ groups }: NamingRoute): string[] {
  return [...new Set(groups.flatMap(({ targets }) => targets))];
}

/** Every target that a route names, each once. */
export function namedTargets(route: NamingRoute): string[] {
  return [...new Set([...groupTargets(route), route.onContextLength ?? []].flat())];
}

/** The breaker of one target: its own keys over the section's; `probePeriodMs` of its prober. */
export function breakerSettings(
  section: z.output<typeof breakerConfig>,
  own: z.output<typeof targetRoutingConfig>["breaker"] = {},
  probePeriodMs: number = breakerDefaults.probePeriodMs,
): BreakerSettings {
  return {
    ...breakerDefaults,
    rate: own.rate ?? section.rate,
    minVolume: own.minVolume ?? section.minVolume,
    minFailures: own.minFailures ?? section.minFailures,
    windowMs: section.window,
    oldestMs: Math.max(breakerDefaults.oldestMs, section.window),
    probePeriodMs,
    openForMs: section.openFor,
    openForMaxMs: Math.max(section.openFor, section.openForMax),
  };
}

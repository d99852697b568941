import { z } from "zod";
import { durationMs } from "../config/values.ts";
import { redisStore } from "../redis/config.ts";

export const limitScopes = ["key", "tenant", "model", "route", "global"] as const;
export type LimitScope = (typeof limitScopes)[number];

export const limitResources = ["requests", "tokens", "money", "concurrency"] as const;
export type LimitResource = (typeof limitResources)[number];

const dayMs = 86_400_000;
const names = z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).min(1)]);
const amountMax = 1e9;
/** Times are integers of microseconds. */
const refillUsMax = 2 ** 49;
/** Nano-units have to stay safe integers. */
const moneyMax = 9_000_000;

/** What has no burst, and would leave one that is written unread. */
const burstless: Partial<Record<LimitResource, string>> = {
  money: "a budget has no burst",
  concurrency: "slots have no burst",
};

/** A key that is written though its resource has no use for it, and why. */
function unreadKey(entry: {
  readonly resource: LimitResource;
  readonly burst?: number | undefined;
  readonly estimate: "mean" | "upper";
}): [key: string, why: string] | undefined {
  const why = burstless[entry.resource];
  if (why !== undefined && entry.burst !== undefined) return ["burst", why];
  const isEstimated = entry.resource === "tokens" || entry.resource === "money";
  if (isEstimated || entry.estimate === "mean") return undefined;
  return ["estimate", "only tokens and money are estimated"];
}

const entry = z
  .strictObject({
    scope: z.enum(limitScopes).describe("What has a limiter of its own."),
    match: names
      .optional()
      .describe("Names it applies to; absent: all. Of keys: ids, rate classes or budget ids."),
    resource: z.enum(limitResources).describe("What is counted."),
    limit: z
      .number()
      .positive()
      .max(amountMax)
      .describe("Amount per period; of money in currency units; of concurrency at once."),
    period: z
      .union([z.literal(["day", "month", "total"]), durationMs({ max: dayMs, default: 60_000 })])
      .default(60_000)
      .describe("Time for the amount (ms); of money: day, month (UTC) or total."),
    burst: z
      .int()
      .min(1)
      .max(amountMax)
      .optional()
      .describe("Most at once; default a tenth of the limit, of tokens the limit itself."),
    estimate: z
      .enum(["mean", "upper"])
      .default("mean")
      .describe("Tokens of a prompt before they are known: a third of its bytes, or all of them."),
  })
  .superRefine((value, context) => {
    const { resource, period, limit } = value;
    const problem = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (resource !== "money" && !Number.isInteger(limit)) problem("limit", "expected an integer");
    if (resource === "money" && limit > moneyMax) problem("limit", `expected at most ${moneyMax}`);
    const isNamed = typeof period === "string";
    if (resource === "money" && !isNamed && period !== dayMs)
      problem("period", "expected day, month or total for money");
    if (resource !== "money" && isNamed) problem("period", "expected a duration");
    const refillUs = isNamed ? 0 : ((value.burst ?? limit) * period * 1000) / Math.max(limit, 1);
    if (refillUs > refillUsMax) problem("burst", "takes too long to refill");
    const unread = unreadKey(value);
    if (unread) problem(...unread);
  });

export type LimitEntry = z.output<typeof entry>;

/** What each caller, tenant, model and route may use; none but the concurrency caps by default. */
export const limitsSection = z
  .array(entry)
  .max(256)
  .default([])
  .describe("Limits; a request must pass all that match it, and takes from all or none.");

const cap = (fallback: number) => z.int().min(1).max(1_000_000).default(fallback);

/** Requests at once in one process, whatever the limits say. */
export const concurrencySection = z
  .strictObject({
    key: cap(256).describe("Requests at once of one API key, per process."),
    global: cap(4096).describe("Requests at once, per process."),
  })
  .prefault({});

/** The store that replicas share: members of the section `stores`. */
export const limitStoreShape = {
  redis: redisStore
    .nullable()
    .default(null)
    .describe(
      "What replicas share: redis:// or rediss:// of one Redis or Valkey, {sentinels, master} or {cluster}; null: none.",
    ),
  redisTimeout: durationMs({ min: 5, max: 5000, default: 50 }).describe(
    "Longest wait for Redis (ms); three in a row and each replica keeps its own share.",
  ),
  redisLease: durationMs({ min: 300, max: 3_600_000, default: 90_000 }).describe(
    "What a call holds returns after this time (ms) unless its replica renews it, at a third of it.",
  ),
  redisAhead: z
    .boolean()
    .default(false)
    .describe(
      "Takes requests and tokens of large limits from Redis in parts of at most 0.5 % of a burst, and decides calls by itself from them.",
    ),
  replicasMax: z
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe("A replica that never saw Redis takes one of this many shares."),
};

/** What a model may answer when the request does not bound it. */
export const outputMaxSection = z
  .record(z.string().min(1).max(256), z.int().min(1).max(100_000_000))
  .default({})
  .describe("Output tokens by model where a limit counts them and the request gives no bound.");

/** The limiter by client address before any key is looked at. */
export const addressLimitSection = z
  .strictObject({
    failuresPerMinute: z
      .int()
      .min(1)
      .max(100_000)
      .default(100)
      .describe("Failed authentications of one IPv4 address or IPv6 /64 in a minute."),
    requestsPerMinute: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(
        "Requests of one address in a minute and process, good ones too; missing: any number. Many callers may share one address.",
      ),
    addressesMax: z
      .int()
      .min(64)
      .max(1_000_000)
      .default(100_000)
      .describe("Addresses remembered; further ones take the place of the least guilty."),
  })
  .prefault({});

import { remainingOf } from "@loadline/kit/rate-limiter";
import type { LimitResource } from "./config.ts";
import type { Ask, Denial, Plan } from "./plan.ts";
import type { Bucket } from "./buckets.ts";

/** What the headers of an answer are made from. */
export interface Stated {
  readonly plan: Plan;
  readonly buckets: readonly Bucket[];
  readonly ask: Ask;
  readonly keeper: string;
  readonly isAnthropic: boolean;
  readonly share: number;
}

const none: readonly string[] = [];
const stated = ["requests", "tokens"] as const;

/** Headers that state the limits and what is left of them; empty when only caps apply. */
export function answerHeaders(
  lease: Stated,
  nowUs: number,
  clock: { wallMs(): number },
): readonly string[] {
  const { plan, ask } = lease;
  if (plan.policy === "" && !ask.isLowered && lease.keeper !== "degraded") return none;
  const list: string[] = [];
  pushState(list, lease, nowUs, clock);
  if (ask.isLowered) list.push("x-loadline-max-tokens", String(ask.outputBound));
  if (lease.keeper === "degraded") list.push("x-loadline-degraded", "redis");
  return list;
}

/** Headers of a refusal, without `retry-after`, which the pipeline writes. */
export function refusalHeaders(
  o: Stated & { readonly denial: Denial },
  nowUs: number,
  clock: { wallMs(): number },
): string[] {
  const list: string[] = [];
  pushState(list, o, nowUs, clock);
  const dim = o.plan.dims[o.denial.index];
  if (dim) list.push("x-loadline-limit", dim.name);
  if (!o.denial.isTooLarge && dim?.resource !== "money")
    list.push("retry-after-ms", String(waitMs(o.denial)));
  if (o.keeper === "degraded") list.push("x-loadline-degraded", "redis");
  return list;
}

/** Whole ms to wait, rounded up. */
export function waitMs(denial: Denial): number {
  return Math.ceil(denial.waitUs / 1000);
}

function pushState(list: string[], o: Stated, nowUs: number, clock: { wallMs(): number }): void {
  if (o.plan.policy === "") return;
  for (const resource of stated) pushResource(list, resource, { o, nowUs, clock });
  list.push("ratelimit-policy", o.plan.policy);
}

/** States the limit of a resource of which least is left. */
function pushResource(
  list: string[],
  resource: LimitResource,
  { o, nowUs, clock }: { o: Stated; nowUs: number; clock: { wallMs(): number } },
): void {
  let least = -1;
  let limit = 0;
  let resetUs = 0;
  o.plan.dims.forEach(({ resource: of, law }, i) => {
    const bucket = o.buckets[i];
    if (of !== resource || !law || !bucket) return;
    const remaining = Math.floor(remainingOf(law, bucket.tatUs, nowUs) / o.share);
    if (least >= 0 && remaining >= least) return;
    least = remaining;
    limit = law.limit;
    resetUs = Math.max(0, bucket.tatUs - nowUs);
  });
  if (least < 0) return;
  if (o.isAnthropic) {
    const at = new Date(clock.wallMs() + Math.ceil(resetUs / 1000)).toISOString();
    const name = `anthropic-ratelimit-${resource}`;
    list.push(`${name}-limit`, String(limit), `${name}-remaining`, String(least));
    list.push(`${name}-reset`, at);
    return;
  }
  list.push(`x-ratelimit-limit-${resource}`, String(limit));
  list.push(`x-ratelimit-remaining-${resource}`, String(least));
  list.push(`x-ratelimit-reset-${resource}`, spelled(resetUs));
}

/** `1m3.5s`, as OpenAI spells durations. */
function spelled(us: number): string {
  const ms = Math.ceil(us / 1000);
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms - minutes * 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}

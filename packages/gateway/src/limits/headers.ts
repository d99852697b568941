import { remainingOf } from "@loadline/kit/rate-limiter";
import type { LimitResource } from "./config.ts";
import { spellDuration } from "./duration.ts";
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
const names = {
  requests: namesOf("requests"),
  tokens: namesOf("tokens"),
} as const;

function namesOf(resource: LimitResource) {
  const openai = (what: string): string => `x-ratelimit-${what}-${resource}`;
  const anthropic = (what: string): string => `anthropic-ratelimit-${resource}-${what}`;
  const all = (name: (what: string) => string) => ({
    limit: name("limit"),
    remaining: name("remaining"),
    reset: name("reset"),
  });
  return { openai: all(openai), anthropic: all(anthropic) };
}

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
  const at = { o, nowUs, clock };
  pushResource(list, "requests", at);
  pushResource(list, "tokens", at);
  list.push("ratelimit-policy", o.plan.policy);
}

/** States the limit of a resource of which least is left. */
function pushResource(
  list: string[],
  resource: keyof typeof names,
  { o, nowUs, clock }: { o: Stated; nowUs: number; clock: { wallMs(): number } },
): void {
  const { dims } = o.plan;
  let least = -1;
  let limit = "";
  let resetUs = 0;
  for (let i = 0; i < dims.length; i++) {
    const dim = dims[i];
    const bucket = o.buckets[i];
    if (dim?.resource !== resource || !dim.law || !bucket) continue;
    const remaining = Math.floor(remainingOf(dim.law, bucket.tatUs, nowUs) / o.share);
    if (least >= 0 && remaining >= least) continue;
    least = remaining;
    limit = dim.limitText;
    resetUs = Math.max(0, bucket.tatUs - nowUs);
  }
  if (least < 0) return;
  const name = names[resource][o.isAnthropic ? "anthropic" : "openai"];
  const reset = o.isAnthropic
    ? new Date(clock.wallMs() + Math.ceil(resetUs / 1000)).toISOString()
    : spellDuration(resetUs);
  list.push(name.limit, limit, name.remaining, String(least), name.reset, reset);
}

import type { Clock } from "@loadline/kit/clock";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import type { z } from "zod";
import { isBodyProblem, readRequestBody } from "../body/request.ts";
import type { Crossing } from "../budgets/alerts.ts";
import type { Ledger } from "../budgets/ledger.ts";
import { createPrices } from "../budgets/prices.ts";
import { pricesSection } from "../budgets/config.ts";
import { Exchange, type Refusal } from "../pipeline/exchange.ts";
import { deafHost, nobody } from "../pipeline/nobody.fixture.ts";
import { operations, unknownOperation } from "../pipeline/operations.ts";
import type { Principal } from "../identity/principal.ts";
import { limitsSection } from "./config.ts";
import { compileLimits, concurrencyCap } from "./dimension.ts";
import { createLimits, type ReloadableLimits } from "./limits.ts";
import { LocalStore } from "./local-store.ts";
import { createLimitMetrics } from "./metrics.ts";
import { LeaseList } from "./open-lease.ts";
import { RedisStore, type RedisStoreDeps } from "./redis-store.ts";
import type { RedisStoreConfig } from "../redis/config.ts";
import type { SharedStore } from "./shared-store.ts";

export interface Caller {
  readonly key?: string;
  readonly tenant?: string;
  readonly model?: string;
  readonly rateId?: string;
  readonly budgetId?: string;
  readonly text?: string;
  readonly maxTokens?: number;
  readonly n?: number;
  readonly path?: string;
}

export interface Bench extends AsyncDisposable {
  readonly limits: ReloadableLimits;
  readonly local: LocalStore;
  readonly shared: SharedStore | undefined;
  readonly metrics: Metrics;
  /** `ok` and the exchange, or the refusal. */
  call(caller?: Caller): Promise<{ x: Exchange; refusal: Refusal | undefined }>;
  /** What this process tells of budgets, as `percent` of each, and whole. */
  readonly alerts: number[];
  readonly told: Crossing[];
  /** Faults and changes of mode that were logged. */
  readonly logged: string[];
}

export interface BenchOptions {
  readonly clock: Clock;
  readonly limits: z.input<typeof limitsSection>;
  readonly prices?: z.input<typeof pricesSection>;
  readonly caps?: { key: number; global: number };
  readonly buckets?: number;
  readonly leaseGraceMs?: number;
  readonly ledger?: Ledger;
  readonly redis?: {
    readonly url: RedisStoreConfig;
    readonly timeoutMs?: number;
    readonly replica?: string;
    readonly replicasMax?: number;
    readonly settleText?: string;
    readonly openLink?: RedisStoreDeps["openLink"];
    readonly leaseMs?: number;
    readonly takesAhead?: boolean;
  };
  /** A store in the place of Redis. */
  readonly shared?: SharedStore;
}

/** The limits as the gateway wires them, called without a server. */
export function openBench(o: BenchOptions): Bench {
  const { clock } = o;
  const metrics = createMetrics();
  const dims = compileLimits(limitsSection.parse(o.limits));
  const { ledger } = o;
  const local = new LocalStore(o.buckets ?? 100_000, ledger?.spentOf.bind(ledger));
  const leases = new LeaseList();
  const alerts: number[] = [];
  const told: Crossing[] = [];
  const logged: string[] = [];
  const log = (event: string, text: string): void => void logged.push(`${event}: ${text}`);
  const store = o.redis && redisOf(o.redis, { clock, local, leases, log });
  const limits = createLimits({
    clock,
    caps: [
      concurrencyCap("key", o.caps?.key ?? 256),
      concurrencyCap("global", o.caps?.global ?? 4096),
    ],
    limits: dims,
    estimate: {
      prices: createPrices(pricesSection.parse(o.prices)),
      outputMax: new Map(),
      wallMs: () => clock.wallMs(),
    },
    ledger,
    local,
    leases,
    ...(o.leaseGraceMs !== undefined && { leaseGraceMs: o.leaseGraceMs }),
    shared: o.shared ?? store,
    metrics: createLimitMetrics(metrics, dims),
    alerts: {
      onCrossed(crossing) {
        told.push(crossing);
        alerts.push(Math.round(crossing.share * 100));
      },
    },
  });
  let count = 0;
  return {
    limits,
    local,
    shared: store,
    metrics,
    alerts,
    told,
    logged,
    async call(caller = {}) {
      const x = exchangeOf(caller, clock);
      x.id = `req_${o.redis?.replica ?? "one"}_${count++}`;
      const refusal = await limits.reserve(x);
      return { x, refusal };
    },
    [Symbol.asyncDispose]: () => limits.close(),
  };
}

function redisOf(
  o: NonNullable<BenchOptions["redis"]>,
  deps: Pick<RedisStoreDeps, "clock" | "local" | "leases" | "log">,
): RedisStore {
  return new RedisStore({
    ...deps,
    url: o.url,
    timeoutMs: o.timeoutMs ?? 2000,
    replicasMax: o.replicasMax ?? 8,
    replica: o.replica ?? "one",
    onDropped: () => undefined,
    ...(o.settleText !== undefined && { settleText: o.settleText }),
    openLink: o.openLink,
    leaseMs: o.leaseMs,
    takesAhead: o.takesAhead,
  });
}

/** A request that has passed authentication and routing. */
export function exchangeOf(caller: Caller, clock: Clock): Exchange {
  const path = caller.path ?? "/v1/chat/completions";
  const operation = operations.find((known) => known.path === path) ?? unknownOperation;
  const x = new Exchange(deafHost, nobody, { operation }, clock.monotonicMs());
  x.keyId = caller.key ?? "key";
  x.principal = principalOf(caller);
  const request = {
    model: caller.model ?? "m",
    messages: [{ role: "", content: caller.text ?? "" }],
    ...(caller.maxTokens !== undefined && { max_tokens: caller.maxTokens }),
    ...(caller.n !== undefined && { n: caller.n }),
  };
  const body = readRequestBody(Buffer.from(JSON.stringify(request)), "chat");
  if (isBodyProblem(body)) throw new Error(body.message);
  x.body = body;
  x.route = {
    name: "r",
    index: 0,
    models: [body.model],
    isCritical: true,
    targets: [],
    timeouts: { firstByte: 1000, firstContent: 1000, idle: 1000, total: 1000 },
  };
  return x;
}

function principalOf(caller: Caller): Principal {
  const key = caller.key ?? "key";
  return {
    id: key,
    kind: "service",
    tenantId: caller.tenant ?? "default",
    via: "key",
    credentialId: key,
    roles: [],
    grants: new Set(),
    limits: {
      ...(caller.rateId !== undefined && { rateId: caller.rateId }),
      ...(caller.budgetId !== undefined && { budgetId: caller.budgetId }),
    },
    epoch: 0,
  };
}

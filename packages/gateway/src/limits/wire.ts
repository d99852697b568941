import { type Clock, monotonicUs } from "@loadline/kit/clock";
import { createLogger, type Logger } from "@loadline/kit/logger";
import {
  createMetrics,
  type GrowingLabel,
  growingLabel,
  type Metrics,
} from "@loadline/kit/metrics";
import { type Random, seededRandom } from "@loadline/kit/random";
import type { AuditSink } from "../audit-log/events.ts";
import { budgetAlerts } from "../budgets/tell.ts";
import { type Ledger, openLedger } from "../budgets/ledger.ts";
import { createPrices } from "../budgets/prices.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Controls } from "../controls.ts";
import { createMetering, type Metering, type UsageStore } from "../metering/metering.ts";
import { actualOf } from "../metering/record.ts";
import type { Dependencies } from "../health/dependencies.ts";
import { gatewayErrors } from "../errors.ts";
import type { Exchange, Exit } from "../pipeline/exchange.ts";
import { queueMetrics } from "../telemetry/queues.ts";
import type { Repositories } from "../state/repositories.ts";
import { type AddressTable, createAddressTable } from "./address-table.ts";
import { compileLimits, concurrencyCap, type Dimension } from "./dimension.ts";
import { createLimits, type Limits } from "./limits.ts";
import { LocalStore } from "./local-store.ts";
import { createLimitMetrics } from "./metrics.ts";
import { LeaseList } from "./open-lease.ts";
import { RedisStore, type RedisStoreDeps } from "./redis-store.ts";
import type { SharedStore } from "./shared-store.ts";

/** The sections that a reload changes. */
export type LimitConfig = Pick<GatewayConfig, "limits" | "concurrency" | "prices" | "outputMax">;

export interface AccountingDeps {
  readonly config: LimitConfig & Pick<GatewayConfig, "stores" | "addressLimit">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly models: GrowingLabel;
  /** Where usage records are kept; without it they are counted only. */
  readonly usage?: UsageStore | undefined;
  readonly audit?: AuditSink | undefined;
  /** Where the shared store is shown in /health. */
  readonly stores?: AccountingStores | undefined;
  readonly controls?: Partial<Controls> | undefined;
  /** Where several processes of one gateway keep their limits together. */
  readonly shared?: AccountingShared | undefined;
}

/** What a worker's supervisor keeps for all workers. */
export interface AccountingShared {
  readonly openLink: NonNullable<RedisStoreDeps["openLink"]>;
  /** An address failed here; the other workers count it, too. */
  onAddressFailed(address: string): void;
}

export interface AccountingStores {
  readonly dependencies: Pick<Dependencies, "add">;
  readonly repositories: Pick<Repositories, "budgets">;
}

/** Everything that counts what callers use: limits, budgets, usage records. */
export interface Accounting {
  readonly limits: Limits;
  readonly metering: Metering;
  readonly addresses: AddressTable;
  /** Requests by address; undefined: they are not counted. */
  readonly addressRequests?: AddressTable | undefined;
  onAddressRefused(): void;
  /** Another process of this gateway saw an address fail. */
  addressFailed(address: string): void;
  /** Other limits and prices hold from now on; throws nothing that `checkLimits` let pass. */
  install(config: LimitConfig): void;
  /** Exit: what was reserved becomes what was used. */
  settle(x: Exchange): void;
  /** Exit: one usage record for each attempt. */
  meter(x: Exchange, end: Exit): void;
  close(): Promise<void>;
}

const bucketsMax = 100_000;
/**
 * A supervisor is on the same machine: it answers, or it is gone, which ends the wait at once. On a
 * machine that starves them all a share of one's own would be decided beside it, and over the limit.
 */
const supervisorMs = 5000;

/** Builds limits, budgets and metering from the configuration; opens the shared store if any. */
export function createAccounting(deps: AccountingDeps): Accounting {
  const { config, clock } = deps;
  const compiled = compile(config, clock);
  let prices = compiled.estimate.prices;
  const metrics = createLimitMetrics(deps.metrics, compiled.limits);
  const ledger = ledgerFor(deps);
  const local = new LocalStore(bucketsMax, ledger?.spentOf.bind(ledger));
  const leases = new LeaseList();
  const shared = sharedStore(deps, { local, leases });
  const made = createLimits({
    ledger,
    clock,
    leases,
    ...compiled,
    local,
    shared,
    metrics,
    alerts: budgetAlerts({ ...deps, shared }),
  });
  const limits = deps.controls?.limits?.(made) ?? made;
  const metering = createMetering({
    ...deps,
    prices: { of: (model, wallMs) => prices.of(model, wallMs) },
    store: deps.usage,
  });
  const { addressesMax, failuresPerMinute, requestsPerMinute } = config.addressLimit;
  const table = createAddressTable({ addressesMax, failuresPerMinute, random: deps.random });
  return {
    limits,
    metering,
    addresses: sharedAddresses(table, deps.shared),
    addressRequests:
      requestsPerMinute === undefined
        ? undefined
        : createAddressTable({
            addressesMax,
            failuresPerMinute: requestsPerMinute,
            random: deps.random,
          }),
    addressFailed: (address) => table.fail(address, monotonicUs(clock)),
    onAddressRefused: () => metrics.addressRefused(),
    install(next) {
      const other = compile(next, clock);
      prices = other.estimate.prices;
      made.install(other);
    },
    settle(x) {
      if (x.lease) limits.settle(x, actualOf(x, prices, clock.wallMs()));
    },
    meter: (x, end) => metering.meter(x, end),
    async close() {
      await limits.close();
      await metering.close();
    },
  };
}

/** What the sections say, compiled. LL_CONFIG_INVALID for figures beyond integers. */
function compile(config: LimitConfig, clock: Clock) {
  return {
    caps: [
      concurrencyCap("key", config.concurrency.key),
      concurrencyCap("global", config.concurrency.global),
    ],
    limits: limitsOf(config),
    estimate: {
      prices: createPrices(config.prices),
      outputMax: new Map(Object.entries(config.outputMax)),
      wallMs: () => clock.wallMs(),
    },
  };
}

/** Throws LL_CONFIG_INVALID when the limits cannot be kept exactly. */
export function checkLimits(config: LimitConfig): void {
  limitsOf(config);
}

function limitsOf(config: LimitConfig): Dimension[] {
  try {
    return compileLimits(config.limits);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw gatewayErrors.make("LL_CONFIG_INVALID", `limits: ${cause.message}.`, { cause });
  }
}

/** With one process alone budgets are kept in the SQL store; replicas keep them in theirs. */
function ledgerFor({ config, clock, logger, stores, shared }: AccountingDeps): Ledger | undefined {
  if (config.stores.redis !== null || !stores || shared) return undefined;
  return openLedger(config.limits, { clock, logger, budgets: stores.repositories.budgets });
}

function sharedStore(
  { config, clock, random, logger, metrics, stores, shared }: AccountingDeps,
  o: { local: LocalStore; leases: LeaseList },
): SharedStore | undefined {
  const { redis, redisTimeout, redisLease, redisAhead, replicasMax } = config.stores;
  if (redis === null && !shared) return undefined;
  const store = new RedisStore({
    ...o,
    url: redis ?? "",
    ...(redis === null && { openLink: shared?.openLink }),
    takesAhead: redis === null || redisAhead,
    clock,
    timeoutMs: redis === null ? supervisorMs : redisTimeout,
    leaseMs: redisLease,
    replicasMax,
    replica: Buffer.from(random.bytes(9)).toString("base64url"),
    log: (event, text) => logger.warn(event, { text }),
    onDropped: queueMetrics(metrics, "settles").dropped,
  });
  if (redis !== null) stores?.dependencies.add("redis", false, () => store.health());
  return store;
}

/** A failure counts in this process at once, and is told to the others. */
function sharedAddresses(table: AddressTable, shared: AccountingShared | undefined): AddressTable {
  if (!shared) return table;
  return {
    ...table,
    fail(address, nowUs) {
      table.fail(address, nowUs);
      shared.onAddressFailed(address);
    },
  };
}

/** Accounting that opens nothing, to name the stages it is wired into. */
export function explainedAccounting(config: GatewayConfig, clock: Clock): Accounting {
  const logger = createLogger({ clock, write: () => undefined, level: "silent" });
  const stores = { ...config.stores, redis: null };
  const deps = { clock, logger, random: seededRandom(0), metrics: createMetrics() };
  const models = growingLabel();
  return createAccounting({ ...deps, models, config: { ...config, stores } });
}

/**
 * Who a request acts for and what they may do: keys, users, roles, tenants, and the cache in front.
 *
 * ```ts
 * const identity = await createIdentity({ store, peppers, clock, random, audit, metrics, logger });
 * const { secret } = await identity.keys.create(operator(), { name: "ci", roles: ["caller"] });
 * const found = await identity.authenticate(secret, "127.0.0.1", clock.monotonicMs());
 * ```
 */
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { AuditSink } from "../audit-log/events.ts";
import { type ActiveKeys, createActiveKeys } from "./active-keys.ts";
import {
  type Authenticator,
  type AuthenticatorDeps,
  createAuthenticator,
  type Evicted,
} from "./authenticator.ts";
import { authorize } from "./authorize.ts";
import type { ClientCertificate } from "./certificate.ts";
import type { ChangeAudit, ServiceDeps } from "./deps.ts";
import { createEventFeed, type EventFeed, type FeedChange } from "./event-feed.ts";
import type { Authentication } from "./keys/cached-key.ts";
import { digestOf } from "./keys/digest.ts";
import { createKeyService, type KeyService } from "./keys/key-service.ts";
import type { KeyParts } from "./keys/key-format.ts";
import type { VerifiedKey } from "./keys/verify.ts";
import { createLastUseWriter, type LastUseWriter } from "./last-use.ts";
import { type ExposedBy, exposure } from "./exposure.ts";
import { createIdentityMetrics, type IdentityMetrics } from "./metrics.ts";
import { createRoleService, type RoleService } from "./users/role-service.ts";
import {
  createTenantService,
  ensureDefaultTenant,
  type TenantService,
} from "./users/tenant-service.ts";
import { createUserService, type UserService } from "./users/user-service.ts";

/** Keys, users, roles and tenants of one store, without a server. */
export interface IdentityServices {
  readonly keys: KeyService;
  readonly users: UserService;
  readonly roles: RoleService;
  readonly tenants: TenantService;
}

export interface Identity extends IdentityServices, Pick<Authenticator, "authenticate"> {
  /** Counts a request that carried no credential. */
  onMissing(): void;
  /** Records that a credential stood in a URL; `text` is a secret and is not kept. */
  onExposed(x: ExposedBy, text: string): void;
  readonly authorize: typeof authorize;
  /** Time since the store last told what changed (s); admin surfaces refuse above 5. */
  lagSeconds(): number;
  /** Applies what other processes changed so far. */
  refresh(): Promise<void>;
  /** Stops the feed and writes the last uses. */
  close(): Promise<void>;
}

export interface IdentityDeps extends ServiceDeps {
  readonly audit: ChangeAudit & Pick<AuditSink, "record">;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Cached keys are served this long without the store (ms). */
  readonly staleGraceMs: number;
  /** Keys, users or tenants that are gone: end what runs for them. */
  onEnded(ended: Evicted): void;
}

/** The services alone: for the commands, which open the store beside a running gateway. */
export async function createIdentityServices(deps: ServiceDeps): Promise<IdentityServices> {
  await ensureDefaultTenant(deps.store.repositories, Math.floor(deps.clock.wallMs()));
  return {
    keys: createKeyService(deps),
    users: createUserService(deps),
    roles: createRoleService(deps),
    tenants: createTenantService(deps),
  };
}

/** Services, authenticator and event feed; rejects when the store does not answer at all. */
export async function createIdentity(deps: IdentityDeps): Promise<Identity> {
  const services = await createIdentityServices(deps);
  const cache = new KeyCache(deps, await deps.store.repositories.events.lastSeq());
  await cache.active.recount();
  return {
    ...services,
    authenticate: (key, address, nowMs, by) => cache.authenticate(key, address, nowMs, by),
    onMissing: cache.metrics.missing,
    onExposed: exposure(deps),
    authorize,
    lagSeconds: () => cache.feed.lagSeconds(),
    refresh: () => cache.feed.poll(),
    close: () => cache.close(),
  };
}

/** Authenticator, feed and the batches beside them. */
class KeyCache {
  readonly metrics: IdentityMetrics;
  readonly feed: EventFeed;
  readonly active: ActiveKeys;
  readonly #deps: IdentityDeps;
  readonly #authenticator: Authenticator;
  readonly #uses: LastUseWriter;

  constructor(deps: IdentityDeps, fromSeq: number) {
    const { store, clock, logger } = deps;
    const { keys, events } = store.repositories;
    this.#deps = deps;
    this.metrics = createIdentityMetrics(deps.metrics, {
      lagSeconds: () => this.feed.lagSeconds(),
      sizes: () => this.#authenticator.sizes(),
    });
    const onChange = (change: FeedChange): void => this.#apply(change);
    const onState = (isDown: boolean): void =>
      logger.warn("auth feed", { state: isDown ? "down" : "ok" });
    const onFault = this.#fault("auth feed failed");
    this.feed = createEventFeed({ events, clock, onChange, onState, onFault }, fromSeq);
    this.#authenticator = createAuthenticator(this.#authenticatorDeps(), this.feed);
    this.#uses = createLastUseWriter({
      keys,
      clock,
      takeUses: () => this.#authenticator.takeUses(),
      onFailure: this.#fault("key uses not written"),
    });
    this.active = createActiveKeys({
      keys,
      clock,
      onCount: this.metrics.activeKeys,
      onFailure: this.#fault("keys not counted"),
    });
  }

  authenticate(
    key: string,
    address: string,
    nowMs: number,
    certificate?: ClientCertificate,
  ): Authentication | Promise<Authentication> {
    const result = this.#authenticator.authenticate(key, address, nowMs, certificate);
    if (!(result instanceof Promise)) {
      this.metrics.key(result);
      return result;
    }
    return result.then((later) => {
      this.metrics.key(later);
      return later;
    });
  }

  async close(): Promise<void> {
    this.feed.close();
    this.active.close();
    await this.#uses.close();
  }

  #authenticatorDeps(): AuthenticatorDeps {
    const { store, peppers, clock, staleGraceMs } = this.#deps;
    const onRehashFault = this.#fault("key not re-hashed");
    return {
      repositories: store.repositories,
      peppers,
      clock,
      staleGraceMs,
      onFault: this.#fault("key lookup failed"),
      onOldPepper: (parts, verified) =>
        void rehash(this.#deps, parts, verified).catch(onRehashFault),
    };
  }

  #apply(change: FeedChange): void {
    this.#authenticator.evict(change);
    if (change.hasNewlyGood) this.#authenticator.forgetRefusals();
    this.#deps.onEnded(change.ended);
    void this.active.recount();
  }

  #fault(what: string): (cause: unknown) => void {
    return (cause) => {
      this.metrics.failed();
      const text = cause instanceof Error ? cause.message : String(cause);
      this.#deps.logger.warn(what, { text });
    };
  }
}

/** Digests a key's secret under the current pepper, unless it was rotated meanwhile. */
async function rehash(deps: ServiceDeps, parts: KeyParts, verified: VerifiedKey): Promise<void> {
  const { store, peppers } = deps;
  const pepper = peppers.get(peppers.current);
  const before = verified.records.key;
  if (!pepper) return;
  await store.transaction(async (r) => {
    const row = await r.keys.find(before.id);
    if (!row || Buffer.compare(row.digest, before.digest) !== 0) return;
    const digest = digestOf(pepper, parts);
    await r.keys.update(before.id, { digest, pepperVersion: peppers.current });
  });
}

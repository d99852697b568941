import type { Clock } from "@loadline/kit/clock";
import type { Repositories } from "../state/repositories.ts";
import { type ClientCertificate, isBoundTo } from "./certificate.ts";
import { loadlineCode } from "./codes.ts";
import type { Peppers } from "./deps.ts";
import { principalOfKey } from "./effective.ts";
import {
  type Authentication,
  bindingRefused,
  CachedKey,
  ipRefused,
  refusals,
  type Refused,
  unavailable,
} from "./keys/cached-key.ts";
import { type KeyParts, keyCharsMax, parseKey } from "./keys/key-format.ts";
import { type KeyRefusal, type VerifiedKey, verifyKey } from "./keys/verify.ts";

export interface AuthenticatorDeps {
  readonly repositories: Pick<Repositories, "keys" | "principals" | "grants" | "tenants">;
  readonly peppers: Peppers;
  readonly clock: Clock;
  /** Cached keys are served this long without the store (ms); 0 refuses at once. */
  readonly staleGraceMs: number;
  /** A lookup failed in a way nobody foresaw, beside a request. */
  onFault(cause: unknown): void;
  /** Called when a key was digested under an older pepper; runs beside the request. */
  onOldPepper?(parts: KeyParts, verified: VerifiedKey): void;
}

/** The feed's view of the store, asked at each request. */
export interface StoreView {
  /** True while the last question to the store got no answer. */
  readonly isDown: boolean;
  /** Monotonic ms of the last answer. */
  readonly lastAnswerMs: number;
}

export interface Evicted {
  readonly keys: ReadonlySet<string>;
  readonly owners: ReadonlySet<string>;
  readonly tenants: ReadonlySet<string>;
}

/** A use of a key, to be written by the batch. */
export interface KeyUse {
  readonly id: string;
  /** Wall-clock ms. */
  readonly lastUsedAt: number;
}

export interface Authenticator {
  /** At once for a key seen in the last 30 s, otherwise after the store; `nowMs` is monotonic. */
  authenticate(
    key: string,
    address: string,
    nowMs: number,
    certificate?: ClientCertificate,
  ): Authentication | Promise<Authentication>;
  /** Forgets what depends on these ids; answers under way for them are asked again. */
  evict(ids: Evicted): void;
  /** Forgets every refusal, because keys were made, or their owner or tenant was enabled. */
  forgetRefusals(): void;
  /** Uses since the last call, one per key, at most 10,000. */
  takeUses(): KeyUse[];
  sizes(): { positive: number; negative: number; pending: number };
}

const entriesMax = 10_000;
const negativeMs = 5000;
const lookupsMax = 256;
const roundsMax = 3;

interface Refusal {
  readonly refused: Refused;
  readonly untilMs: number;
  readonly keyId: string;
}

/**
 * Keys -> principals, remembered by the whole key: 10,000 good ones for 30 s, 10,000 refusals for
 * 5 s, apart, so that a flood of unknown keys evicts nothing good. A good one past its 30 s is
 * served while the store is asked again; at most 256 keys are looked up at once.
 */
export function createAuthenticator(deps: AuthenticatorDeps, view: StoreView): Authenticator {
  return new CachedAuthenticator(deps, view);
}

class CachedAuthenticator implements Authenticator {
  readonly #deps: AuthenticatorDeps;
  readonly #view: StoreView;
  readonly #positive = new Map<string, CachedKey>();
  readonly #negative = new Map<string, Refusal>();
  readonly #pending = new Map<string, Promise<Authentication | CachedKey>>();
  /** Uses of entries that left the cache before the batch came. */
  #uses = new Map<string, number>();
  #generation = 0;

  constructor(deps: AuthenticatorDeps, view: StoreView) {
    this.#deps = deps;
    this.#view = view;
  }

  authenticate(
    key: string,
    address: string,
    nowMs: number,
    certificate?: ClientCertificate,
  ): Authentication | Promise<Authentication> {
    const entry = this.#positive.get(key);
    if (entry !== undefined && nowMs < entry.freshUntilMs && !this.#view.isDown)
      return this.#admit(entry, address, nowMs, certificate);
    return this.#slow(key, entry, nowMs, { address, certificate });
  }

  #admit(
    entry: CachedKey,
    address: string,
    nowMs: number,
    certificate: ClientCertificate | undefined,
  ): Authentication {
    if (entry.boundTo !== undefined && !isBoundTo(entry.boundTo, certificate))
      return bindingRefused;
    if (entry.ranges !== undefined && entry.address !== address) {
      if (!entry.ranges.has(address)) return ipRefused;
      entry.address = address;
    }
    entry.usedMs = nowMs;
    return this.#view.isDown ? entry.degraded : entry.allowed;
  }

  #slow(
    key: string,
    entry: CachedKey | undefined,
    nowMs: number,
    peer: { readonly address: string; readonly certificate: ClientCertificate | undefined },
  ): Authentication | Promise<Authentication> {
    const admit = (found: CachedKey): Authentication =>
      this.#admit(found, peer.address, nowMs, peer.certificate);
    if (entry !== undefined && nowMs < entry.endsMs && this.#isWithinGrace(nowMs)) {
      if (!this.#view.isDown) this.#refresh(key, entry);
      return admit(entry);
    }
    const known = this.#negative.get(key);
    if (known !== undefined && nowMs < known.untilMs) return known.refused;
    if (key.length > keyCharsMax) return refusals.LL_AUTH_MALFORMED;
    const parts = parseKey(key);
    if (!parts) return refusals.LL_AUTH_MALFORMED;
    if (this.#view.isDown) return unavailable;
    const under = this.#pending.get(key) ?? this.#start(key, parts);
    if (under === undefined) return unavailable;
    return under.then((found) => (found instanceof CachedKey ? admit(found) : found));
  }

  /** While the store answers an entry may be late by one refresh; without it, by the grace. */
  #isWithinGrace(nowMs: number): boolean {
    const { isDown, lastAnswerMs } = this.#view;
    return !isDown || nowMs - lastAnswerMs < this.#deps.staleGraceMs;
  }

  #refresh(key: string, entry: CachedKey): void {
    if (entry.isRefreshing || this.#pending.has(key)) return;
    const parts = parseKey(key);
    const lookup = parts && this.#start(key, parts);
    if (!lookup) return;
    entry.isRefreshing = true;
    lookup.catch(this.#deps.onFault);
  }

  #start(key: string, parts: KeyParts): Promise<Authentication | CachedKey> | undefined {
    if (this.#pending.size >= lookupsMax) return undefined;
    const lookup = this.#look(key, parts).finally(() => this.#pending.delete(key));
    this.#pending.set(key, lookup);
    return lookup;
  }

  /** Asks the store; again when something about keys changed meanwhile. Never rejects. */
  async #look(key: string, parts: KeyParts): Promise<Authentication | CachedKey> {
    const { repositories, peppers, clock } = this.#deps;
    try {
      for (let round = 1; ; round++) {
        const generation = this.#generation;
        const result = await verifyKey(repositories, peppers, parts, () => clock.wallMs());
        if (generation !== this.#generation && round < roundsMax) continue;
        const isSettled = generation === this.#generation;
        if (!result.ok) return this.#keepRefusal(key, parts.id, result.code, isSettled);
        return this.#keep(key, parts, result, isSettled);
      }
    } catch (cause) {
      const entry = this.#positive.get(key);
      if (entry) entry.isRefreshing = false;
      if (loadlineCode(cause) === "LL_STATE_UNAVAILABLE") return unavailable;
      throw cause;
    }
  }

  #keep(key: string, parts: KeyParts, verified: VerifiedKey, isSettled: boolean): CachedKey {
    const { clock } = this.#deps;
    const times = { nowMs: clock.monotonicMs(), wallMs: clock.wallMs() };
    const entry = new CachedKey(verified, principalOfKey(verified.records, times.wallMs), times);
    if (!isSettled) return entry;
    this.#saveUse(this.#positive.get(key));
    this.#positive.delete(key);
    this.#negative.delete(key);
    const oldest = makeRoom(this.#positive);
    if (oldest) this.#saveUse(oldest);
    this.#positive.set(key, entry);
    const { key: row } = verified.records;
    if (verified.isCurrent && row.pepperVersion < this.#deps.peppers.current)
      this.#deps.onOldPepper?.(parts, verified);
    return entry;
  }

  #keepRefusal(key: string, keyId: string, code: KeyRefusal, isSettled: boolean): Refused {
    const refused = refusals[code];
    this.#saveUse(this.#positive.get(key));
    this.#positive.delete(key);
    // One that is not valid yet may become so at any moment.
    if (!isSettled || code === "LL_AUTH_NOT_YET") return refused;
    this.#negative.delete(key);
    makeRoom(this.#negative);
    const untilMs = this.#deps.clock.monotonicMs() + negativeMs;
    this.#negative.set(key, { refused, untilMs, keyId });
    return refused;
  }

  evict(ids: Evicted): void {
    this.#generation++;
    for (const [key, entry] of this.#positive) {
      const { credentialId, tenantId } = entry.allowed.principal;
      const isOwner = entry.ownerId !== undefined && ids.owners.has(entry.ownerId);
      if (!ids.keys.has(credentialId) && !ids.tenants.has(tenantId) && !isOwner) continue;
      this.#saveUse(entry);
      this.#positive.delete(key);
    }
    for (const [key, refusal] of this.#negative)
      if (ids.keys.has(refusal.keyId)) this.#negative.delete(key);
  }

  forgetRefusals(): void {
    this.#generation++;
    this.#negative.clear();
  }

  takeUses(): KeyUse[] {
    for (const entry of this.#positive.values()) this.#saveUse(entry);
    const uses = this.#uses;
    this.#uses = new Map();
    return [...uses].map(([id, lastUsedAt]) => ({ id, lastUsedAt }));
  }

  #saveUse(entry: CachedKey | undefined): void {
    if (!entry || entry.usedMs < 0) return;
    const { clock } = this.#deps;
    const agoMs = clock.monotonicMs() - entry.usedMs;
    const id = entry.allowed.principal.credentialId;
    if (this.#uses.size < entriesMax || this.#uses.has(id))
      this.#uses.set(id, Math.floor(clock.wallMs() - agoMs));
    entry.usedMs = -1;
  }

  sizes(): { positive: number; negative: number; pending: number } {
    const { size: positive } = this.#positive;
    return { positive, negative: this.#negative.size, pending: this.#pending.size };
  }
}

/** Takes the oldest entry out of a full map. */
function makeRoom<T>(map: Map<string, T>): T | undefined {
  if (map.size < entriesMax) return undefined;
  const first = map.entries().next();
  if (first.done) return undefined;
  map.delete(first.value[0]);
  return first.value[1];
}

import { type IpRanges, parseRanges } from "@loadline/kit/ip-ranges";
import { nextChangeAt } from "../effective.ts";
import type { Principal } from "../principal.ts";
import type { KeyRefusal, VerifiedKey } from "./verify.ts";

/** A key that passed. One object per cached key: it is compared and read, never changed. */
export interface Allowed {
  readonly ok: true;
  readonly principal: Principal;
  /** True when the store did not answer and the cached principal stands in. */
  readonly isDegraded: boolean;
}

export interface Refused {
  readonly ok: false;
  readonly code: KeyRefusal | "LL_AUTH_IP" | "LL_AUTH_BINDING" | "LL_AUTH_UNAVAILABLE";
  /** Set for LL_AUTH_UNAVAILABLE. */
  readonly retryAfterMs?: number;
}

export type Authentication = Allowed | Refused;

const freshMs = 30_000;
const retryMs = 1000;

/** A key that passed, as it is remembered. */
export class CachedKey {
  readonly allowed: Allowed;
  readonly degraded: Allowed;
  readonly ranges: IpRanges | undefined;
  /** Monotonic ms until which it stands without asking the store. */
  readonly freshUntilMs: number;
  /** Monotonic ms at which it ends whatever the store says. */
  readonly endsMs: number;
  readonly ownerId: string | undefined;
  /** Client certificate it is good with alone. */
  readonly boundTo: string | undefined;
  /** Address that passed the ranges last. */
  address = "";
  usedMs = -1;
  isRefreshing = false;

  constructor(
    verified: VerifiedKey,
    principal: Principal,
    times: { nowMs: number; wallMs: number },
  ) {
    const { records, endsAt } = verified;
    this.allowed = Object.freeze({ ok: true, principal, isDegraded: false });
    this.degraded = Object.freeze({ ok: true, principal, isDegraded: true });
    const parsed = principal.limits.ips && parseRanges(principal.limits.ips);
    // A range that cannot be read allows nothing.
    this.ranges = typeof parsed === "string" ? { has: () => false } : parsed;
    const change = Math.min(nextChangeAt(records, times.wallMs) ?? Infinity, endsAt ?? Infinity);
    const leftMs = change - times.wallMs;
    this.endsMs = times.nowMs + leftMs;
    this.freshUntilMs = times.nowMs + Math.min(freshMs, leftMs);
    this.ownerId = records.key.ownerId;
    this.boundTo = records.key.boundTo;
  }
}

const refuse = (code: KeyRefusal): Refused => Object.freeze({ ok: false, code });
/** One refusal object per code. */
export const refusals: Readonly<Record<KeyRefusal, Refused>> = {
  LL_AUTH_MALFORMED: refuse("LL_AUTH_MALFORMED"),
  LL_AUTH_INVALID: refuse("LL_AUTH_INVALID"),
  LL_AUTH_EXPIRED: refuse("LL_AUTH_EXPIRED"),
  LL_AUTH_REVOKED: refuse("LL_AUTH_REVOKED"),
  LL_AUTH_NOT_YET: refuse("LL_AUTH_NOT_YET"),
};
export const bindingRefused: Refused = Object.freeze({ ok: false, code: "LL_AUTH_BINDING" });
export const ipRefused: Refused = Object.freeze({ ok: false, code: "LL_AUTH_IP" });
/** The store does not answer and the key is not remembered. */
export const unavailable: Refused = Object.freeze({
  ok: false,
  code: "LL_AUTH_UNAVAILABLE",
  retryAfterMs: retryMs,
});

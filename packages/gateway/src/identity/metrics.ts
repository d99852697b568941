import type { Metrics } from "@loadline/kit/metrics";
import type { Authentication } from "./keys/cached-key.ts";

const vias = ["key", "none"] as const;
const outcomes = ["ok", "refused", "unavailable"] as const;
const none = "_none";
/** Codes an authentication can end with; everything else counts as `_none`. */
const codes = [
  none,
  "LL_AUTH_MISSING",
  "LL_AUTH_MALFORMED",
  "LL_AUTH_INVALID",
  "LL_AUTH_EXPIRED",
  "LL_AUTH_REVOKED",
  "LL_AUTH_NOT_YET",
  "LL_AUTH_IP",
  "LL_AUTH_BINDING",
  "LL_AUTH_UNAVAILABLE",
] as const;

export interface IdentityMetrics {
  /** One authentication by key. */
  key(result: Authentication): void;
  /** A request without a credential. */
  missing(): void;
  activeKeys(count: number): void;
  /** Something failed beside a request: a batch, a refresh, a recount. */
  failed(): void;
}

export interface IdentityGauges {
  lagSeconds(): number;
  sizes(): { positive: number; negative: number };
}

/** Families of authentication; every label set is there at the first scrape. */
export function createIdentityMetrics(metrics: Metrics, gauges: IdentityGauges): IdentityMetrics {
  const labels = { via: vias, outcome: outcomes, code: codes };
  const auth = metrics.counter("loadline_auth", "Authentications by their end.", labels);
  const lag = metrics.gauge(
    "loadline_auth_feed_lag_seconds",
    "Time since the store last told what changed about keys.",
    {},
  );
  const active = metrics.gauge("loadline_active_keys", "Keys that are good now.", {});
  const cached = metrics.gauge("loadline_auth_cached", "Remembered keys.", {
    kind: ["positive", "negative"],
  });
  const failures = metrics.counter("loadline_auth_failures", "Faults beside requests.", {});
  const slots = new Map<string, number>(codes.map((code, i) => [code, auth.slot([0, 1, i])]));
  const ok = auth.slot([0, 0, 0]);
  const down = auth.slot([0, 2, codes.indexOf("LL_AUTH_UNAVAILABLE")]);
  const missing = auth.slot([1, 1, codes.indexOf("LL_AUTH_MISSING")]);
  metrics.onRender(() => {
    lag.set(0, gauges.lagSeconds());
    const { positive, negative } = gauges.sizes();
    cached.set(0, positive);
    cached.set(1, negative);
  });
  return {
    key(result) {
      if (result.ok) auth.add(ok);
      else if (result.code === "LL_AUTH_UNAVAILABLE") auth.add(down);
      else auth.add(slots.get(result.code) ?? slots.get(none) ?? 0);
    },
    missing: () => auth.add(missing),
    activeKeys: (count) => active.set(0, count),
    failed: () => failures.add(0),
  };
}

import type { Metrics } from "@loadline/kit/metrics";

/** How a handshake ends. */
export const handshakeOutcomes = [
  "ok",
  "plain_http",
  "timeout",
  "version",
  "cipher",
  "protocol",
  "certificate",
  "closed",
  "other",
] as const;
export type HandshakeOutcome = (typeof handshakeOutcomes)[number];

const reloadOutcomes = ["applied", "refused"] as const;
export type TlsReloadOutcome = (typeof reloadOutcomes)[number];

export interface TlsMetrics {
  onHandshake(outcome: HandshakeOutcome): void;
  onReload(outcome: TlsReloadOutcome): void;
}

/** Series of the listener's TLS; `notAfterMs` is read at each rendering. */
export function createTlsMetrics(metrics: Metrics, notAfterMs: () => number): TlsMetrics {
  const handshakes = metrics.counter("loadline_tls_handshakes", "Handshakes by their end.", {
    outcome: handshakeOutcomes,
  });
  const reloads = metrics.counter("loadline_tls_reloads", "Changes of certificate files.", {
    outcome: reloadOutcomes,
  });
  const end = metrics.gauge(
    "loadline_tls_certificate_not_after_seconds",
    "When the certificate in force ends, as Unix time.",
    {},
  );
  metrics.onRender(() => end.set(0, Math.floor(notAfterMs() / 1000)));
  return {
    onHandshake: (outcome) => handshakes.add(handshakeOutcomes.indexOf(outcome)),
    onReload: (outcome) => reloads.add(reloadOutcomes.indexOf(outcome)),
  };
}

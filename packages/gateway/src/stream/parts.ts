import type { Metrics } from "@loadline/kit/metrics";
import type { AuditSink } from "../audit-log/events.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Controls } from "../controls.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import { streamSettings } from "./config.ts";
import { decideStream } from "./machine.ts";
import { createStreamMetrics, type StreamMetrics } from "./metrics.ts";
import type { StreamSettings } from "./settings.ts";

/** A stream that goes on at another target after a cut. */
export interface Resume {
  readonly from: string;
  readonly to: string;
  /** UTF-16 units that were sent before. */
  readonly afterChars: number;
}

/** What the call stage needs of this folder. */
export interface StreamParts {
  /** Those in force; an exchange keeps the ones it began with. */
  readonly settings: StreamSettings;
  readonly metrics: StreamMetrics;
  readonly decide: typeof decideStream;
  onResume(x: Exchange, resume: Resume): void;
}

export function streamParts(
  config: GatewayConfig,
  o: {
    readonly metrics: Metrics;
    readonly audit: Pick<AuditSink, "record"> | undefined;
    readonly controls?: Partial<Controls> | undefined;
    /** What a reload put in the place of `config`. */
    readonly live?: { readonly current: { readonly stream: StreamSettings } } | undefined;
  },
): StreamParts {
  const metrics = createStreamMetrics(o.metrics);
  const fixed = { current: { stream: streamSettings(config.stream) } };
  const live = o.live ?? fixed;
  return {
    get settings() {
      return live.current.stream;
    },
    metrics,
    decide: o.controls?.streamMachine ?? decideStream,
    onResume(x, resume) {
      metrics.onResume();
      const p = x.principal;
      o.audit?.record({
        tenant: p?.tenantId ?? "",
        actor: {
          id: p?.id ?? "",
          kind: p?.kind ?? "unknown",
          via: p?.via ?? "none",
          credential: p?.credentialId ?? "",
        },
        action: "stream.resumed",
        object: { type: "route", id: x.route?.name ?? "" },
        outcome: "ok",
        requestId: x.id,
        surface: x.operation.id,
        detail: { ...resume },
      });
    },
  };
}

import { systemClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { createMetrics } from "@loadline/kit/metrics";
import type { GatewayConfig } from "../config/schema.ts";
import { authorize } from "../identity/authorize.ts";
import { emptyRouter } from "../routing/router.ts";
import { explainedAccounting } from "../limits/wire.ts";
import { createNames } from "../snapshot/names.ts";
import { compileSnapshot } from "../snapshot/snapshot.ts";
import { streamParts } from "../stream/parts.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { createWatch } from "../upstream/watch.ts";
import { createStages, explain, type ExplainedOperation } from "./stages.ts";

/** The stages that `config` wires for each operation, without opening anything. */
export function explainStages(config: GatewayConfig): ExplainedOperation[] {
  const clock = systemClock();
  const nowMs = (): number => 0;
  const stages = createStages({
    nextId: () => "",
    identity: {
      authenticate: () => ({ ok: false, code: "LL_AUTH_INVALID" }),
      onMissing: () => undefined,
      onExposed: () => undefined,
      authorize,
    },
    live: { current: compileSnapshot(config, new Map()) },
    accounting: explainedAccounting(config, clock),
    call: {
      watch: createWatch(clock),
      router: emptyRouter,
      stream: streamParts(config, { audit: undefined, metrics: createMetrics() }),
      nowMs,
      refuse: () => undefined,
      onAttempt: () => undefined,
    },
    local: {
      models: () => [],
      createdSeconds: 0,
      notReady: () => [],
      about: () => null,
      health: () => ({ isOk: false, body: null }),
      metricsText: () => "",
    },
    files: { files: undefined, audit: { record: () => undefined } },
    exits: {
      telemetry: createTelemetry(createNames(), createMetrics()),
      logger: createLogger({ clock, write: () => undefined, level: "silent" }),
      nowMs,
    },
  });
  return explain(stages);
}

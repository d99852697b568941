import type { Clock } from "@loadline/kit/clock";
import { createAddressRule, createEgress, type Egress } from "@loadline/kit/egress";
import { type Logger, oncePerSecond } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { AnswerRules } from "./answer-rules.ts";
import type { DestinationClass, EgressConfig } from "./config.ts";
import { egressMetrics, type RefusalReason } from "./metrics.ts";

export interface EgressDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The way out of one class of destinations. */
export interface EgressDoor {
  /** What answers are held to; `from` names who sends them. */
  answersOf(from: string): AnswerRules;
  /** To these hosts of the configuration, and no other. @throws LL_EGRESS_BLOCKED */
  open(hosts: readonly string[]): Egress;
  /** Counts a connection that a client of its own opened through a door's `lookup`. */
  readonly onConnection: (isOpen: boolean) => void;
}

export type EgressDoors = Readonly<Record<DestinationClass, EgressDoor>>;

const codes: Readonly<Record<RefusalReason, string>> = {
  address: "LL_EGRESS_BLOCKED",
  redirect: "LL_EGRESS_REDIRECT",
  size: "LL_EGRESS_BODY",
};

/** The doors of a gateway, by the `egress` section. */
export function createEgressDoors(config: EgressConfig, deps: EgressDeps): EgressDoors {
  const doorOf = (of: DestinationClass): EgressDoor => createDoor(of, config, deps);
  return { provider: doorOf("provider"), store: doorOf("store"), telemetry: doorOf("telemetry") };
}

function createDoor(of: DestinationClass, config: EgressConfig, deps: EgressDeps): EgressDoor {
  const { bodyBytesMax, decodedBytesMax, classes } = config;
  const addresses = createAddressRule(classes[of].addresses);
  const metrics = egressMetrics(deps.metrics, of);
  const onConnection = (isOpen: boolean): void => metrics.connection(isOpen);
  const mayTell = oncePerSecond(deps.clock);
  const refused = (reason: RefusalReason, fields: Readonly<Record<string, string>>): void => {
    metrics.refused(reason);
    if (mayTell(reason))
      deps.logger.warn("egress.refused", { class: of, code: codes[reason], ...fields });
  };
  return {
    answersOf: (from) => ({
      bodyBytesMax,
      decodedBytesMax,
      refused: (reason) => refused(reason, { from }),
    }),
    onConnection,
    open: (hosts) =>
      createEgress({
        allowHosts: hosts,
        addresses,
        onBlocked: (host, address) => refused("address", { host, address }),
        onConnection,
      }),
  };
}

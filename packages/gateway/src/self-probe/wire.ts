import type { DropArgument } from "node:net";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { GatewayConfig } from "../config/schema.ts";
import type { Front } from "../front/index.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { StageId } from "../pipeline/stage.ts";
import type { Routing } from "../routing/routing.ts";
import type { Target } from "../routing/routes.ts";
import type { GatewayTelemetry } from "../telemetry/telemetry.ts";
import type { FailureClass } from "../upstream/upstream.ts";
import type { TargetDeps } from "../snapshot/targets.ts";
import { type Doors, listeningDoor, privateDoor } from "./door.ts";
import { createSelfProbeMetrics } from "./metrics.ts";
import { type OwnRoute, openOwnRoute } from "./own-route.ts";
import { ProbePass } from "./pass.ts";
import { createSelfProbe, type SelfProbeHealth } from "./self-probe.ts";

/** The self-probe of one process; where it is off there is no principal and no route either. */
export interface OpenedSelfProbe {
  /** What the stages and the exit take of it; undefined: it is off. */
  readonly own: OwnCaller | undefined;
  /** Calls what listens at `url`; returns within 2 s, sooner with the end of the first call. */
  begin(url: string, front: Pick<Front, "take">): Promise<void>;
  /** The listening socket turned a connection away. */
  onDrop(this: void, from?: DropArgument): void;
  /** The configuration is another one. */
  again(): void;
  /** Resolves with what `done` does, once the call that is then due has ended, or 2 s later. */
  after<T>(done: Promise<T>): Promise<T>;
  /** Counts an attempt of everybody else. */
  othersAttempts(this: void, target: Target, failure: FailureClass | "ok"): void;
  reasons(): readonly string[];
  health(): { readonly "self-probe"?: SelfProbeHealth };
  close(): void;
}

/** The gateway as a caller of itself. */
export interface OwnCaller extends OwnRoute {
  readonly pass: ProbePass;
  onExit(x: Exchange): void;
}

export interface SelfProbeWiring extends TargetDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly routing: Pick<Routing, "adopt">;
  readonly opened: { readonly telemetry: Pick<GatewayTelemetry, "onAttempt" | "onSkipped"> };
  /** Set where other processes serve the same port. */
  readonly supervised: object | undefined;
  missing(): readonly StageId[];
}

/** A start waits this long for the first call: it takes some ms, unless the machine is busy. */
const startMs = 2000;

export function openSelfProbe(config: GatewayConfig, deps: SelfProbeWiring): OpenedSelfProbe {
  const { enabled, timeout } = config.selfProbe;
  const count = createSelfProbeMetrics(deps.metrics);
  const { telemetry } = deps.opened;
  if (!enabled) return off(telemetry);
  const pass = new ProbePass(deps.random);
  const own = openOwnRoute(deps, timeout);
  deps.routing.adopt(own.state);
  const { clock, logger, missing } = deps;
  const probe = createSelfProbe({
    clock,
    logger,
    own,
    pass,
    timeoutMs: timeout,
    missing,
    onSkipped: (id) => telemetry.onSkipped(id),
    onResult: count,
  });
  return {
    own: { ...own, pass, onExit: (x) => probe.onExit(x) },
    begin(url, front) {
      const aside = () => privateDoor(deps.runDir, (socket) => front.take(socket));
      const isAsideOnly = deps.supervised !== undefined || needsPrivateDoor(config, url);
      const doors: Doors = isAsideOnly
        ? { open: aside }
        : { open: () => listeningDoor(url), aside };
      probe.begin(doors);
      return probe.settled(startMs);
    },
    onDrop: (from) => probe.onDrop(from),
    again: () => probe.again(),
    async after(done) {
      const value = await done;
      await probe.settled(startMs);
      return value;
    },
    othersAttempts(target, failure) {
      if (target !== own.target) telemetry.onAttempt(target.name, failure);
    },
    reasons: () => probe.reasons(),
    health: () => ({ "self-probe": probe.health() }),
    close: () => probe.close(),
  };
}

/**
 * Where the listener asks for a certificate, counts the requests of each address, or has an address
 * that no URL names (IPv6 with its zone).
 */
function needsPrivateDoor({ tls, addressLimit }: GatewayConfig, url: string): boolean {
  const isGuarded = tls?.mtls?.mode === "require" || addressLimit.requestsPerMinute !== undefined;
  return isGuarded || !URL.canParse(url);
}

function off(telemetry: Pick<GatewayTelemetry, "onAttempt">): OpenedSelfProbe {
  return {
    own: undefined,
    begin: () => Promise.resolve(),
    onDrop: () => undefined,
    again: () => undefined,
    after: (done) => done,
    othersAttempts: (target, failure) => telemetry.onAttempt(target.name, failure),
    reasons: () => [],
    health: () => ({}),
    close: () => undefined,
  };
}

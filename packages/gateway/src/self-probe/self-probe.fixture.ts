import { connect } from "node:net";
import type { TestClock } from "@loadline/kit/clock";
import { createLogger } from "@loadline/kit/logger";
import { systemRandom } from "@loadline/kit/random";
import type { Running } from "../../test/harness.ts";
import type { GatewayConfig } from "../config/schema.ts";
import { usualDoors } from "../egress/doors.fixture.ts";
import { loadConfig } from "../index.ts";
import type { Door } from "./door.ts";
import { openOwnRoute } from "./own-route.ts";
import { ProbePass } from "./pass.ts";
import { createSelfProbe, type SelfProbe } from "./self-probe.ts";

/** The configuration that the harness starts with, and more. */
export function configOf(g: Running, more: Readonly<Record<string, unknown>>): GatewayConfig {
  const target = { provider: "simulator", tokens: 3, latency: 0, tokensPerSecond: 1e6 };
  return loadConfig(
    undefined,
    {},
    {
      stateDir: g.stateDir,
      listen: { port: 0 },
      drain: { accept: 0, grace: 0 },
      telemetry: { overloadAfter: 0 },
      targets: { s: target },
      routes: { sim: { models: ["sim"], groups: [{ targets: ["s"] }] } },
      ...more,
    },
  );
}

/** A probe on its own, before any door; `onResult` after each of its calls. */
export function probeAlone(clock: TestClock, onResult: () => void): SelfProbe {
  const random = systemRandom();
  const logger = createLogger({ clock, write: () => undefined });
  const { signal } = new AbortController();
  const outside = { egress: usualDoors(), signal, runDir: "" };
  return createSelfProbe({
    clock,
    logger,
    own: openOwnRoute({ clock, random, logger, ...outside }, 1000),
    pass: new ProbePass(random),
    timeoutMs: 60_000,
    missing: () => [],
    onSkipped: () => undefined,
    onResult,
  });
}

/** A door to what listens on a port of loopback. */
export function doorTo(port: number): Door {
  return { connect: () => connect(port, "127.0.0.1"), host: "a", close: () => undefined };
}

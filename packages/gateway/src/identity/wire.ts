import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import type { AuditSink } from "../audit-log/events.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Exchange, Refusal } from "../pipeline/exchange.ts";
import type { Store } from "../state/store.ts";
import { operator } from "./acting.ts";
import { loadlineCode } from "./codes.ts";
import type { Evicted } from "./authenticator.ts";
import type { ChangeAudit } from "./deps.ts";
import { endRunning, type Running } from "./end-running.ts";
import { createIdentity, type Identity } from "./identity.ts";
import { checkPepper, openPeppers } from "./peppers.ts";
import type { CreatedKey } from "./keys/key-service.ts";

export interface WiredIdentity extends Identity {
  /** The key made at the very first start of a store; shown here only. */
  readonly firstKey: CreatedKey | undefined;
  /** From now on exchanges of revoked keys and disabled users end within the feed's period. */
  attach(pipeline: { inFlight: Running; refuse(x: Exchange, refusal: Refusal): void }): void;
}

export interface WireDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  /** The secret of the state directory. */
  readonly pepper: Uint8Array;
  readonly audit: ChangeAudit & AuditSink;
}

const startAttemptsMax = 15;
const startRetryMs = 300;

/** Identity over an open store, with a first key when the store has none and keys are required. */
export async function openIdentity(config: GatewayConfig, deps: WireDeps): Promise<WiredIdentity> {
  let end: (ended: Evicted) => void = () => undefined;
  await untilAnswers(deps.store, deps.clock);
  const peppers = openPeppers(config.auth.peppers, deps.pepper);
  await checkPepper(deps.store.repositories.facts, peppers);
  const identity = await createIdentity({
    ...deps,
    peppers,
    staleGraceMs: config.auth.staleGrace,
    onEnded: (ended) => end(ended),
  });
  const firstKey = config.auth.required
    ? await makeFirstKey(config, deps.store, identity)
    : undefined;
  return {
    ...identity,
    firstKey,
    attach(pipeline) {
      end = (ended) =>
        endRunning(pipeline.inFlight, ended, (x, refusal) => pipeline.refuse(x, refusal));
    },
  };
}

/** A store that is still starting, to write and to read, gets 20 s; then its refusal stands. */
export async function untilAnswers(store: Store, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await store.transaction((r) => r.events.lastSeq());
      await store.repositories.keys.list({ limit: 1 });
      return;
    } catch (cause) {
      if (loadlineCode(cause) !== "LL_STATE_UNAVAILABLE" || attempt >= startAttemptsMax)
        throw cause;
      await clock.sleep(startRetryMs);
    }
  }
}

async function makeFirstKey(
  config: GatewayConfig,
  store: Store,
  identity: Identity,
): Promise<CreatedKey | undefined> {
  if ((await store.repositories.keys.list({ limit: 1 })).length > 0) return undefined;
  const key = { name: "first", env: config.env, roles: ["editor", "scraper"] };
  return identity.keys.create(operator(), key);
}

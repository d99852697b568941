import { createLogger, type LeveledLogger } from "@loadline/kit/logger";
import { createMetrics, type Metrics } from "@loadline/kit/metrics";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { openAuditLog, type OpenedAuditLog } from "./audit-log/open.ts";
import type { GatewayConfig } from "./config/schema.ts";
import type { GatewayDeps } from "./gateway.ts";
import { openIdentity, type WiredIdentity } from "./identity/wire.ts";
import { type ChosenFiles, openChosen } from "./models/index.ts";
import { checkTargets } from "./routing/compile.ts";
import { openState } from "./state/state.ts";
import { type OpenedStores, openStores } from "./state/wire.ts";
import { openLogOutput } from "./telemetry/log-output.ts";
import { readDurationBounds } from "./telemetry/slo-bounds.ts";
import type { TlsMaterial } from "./tls/material.ts";
import { readTls } from "./tls/wire.ts";

/** What a gateway holds open below its routes, whatever these are. */
export interface Base {
  readonly stores: OpenedStores;
  readonly store: OpenedStores["store"];
  readonly identity: WiredIdentity;
  readonly audit: OpenedAuditLog;
  readonly logger: LeveledLogger;
  readonly metrics: Metrics;
  readonly stateDir: string;
  readonly runDir: string;
  readonly certificates: TlsMaterial | undefined;
  /** What models were swapped to before; undefined where another process keeps them. */
  readonly chosen: ChosenFiles | undefined;
  /** Bounds of the request duration, seconds, rising. */
  readonly durationBounds: readonly number[];
  readonly signal: AbortSignal;
}

export interface OpenBase {
  readonly base: Base;
  /** Closes all of it, in the order that lets each write its last. */
  release(): Promise<void>;
}

/** Opens the state directory and what lies in it; nothing stays open when one of them fails. */
export async function openBase(config: GatewayConfig, deps: GatewayDeps): Promise<OpenBase> {
  const { clock, random, supervised } = deps;
  const metrics = createMetrics();
  const output = openLogOutput(deps, metrics);
  const logger = createLogger({ clock, write: output.write, level: config.log.level });
  const certificates = readTls(config, clock, supervised?.tlsFiles);
  const durationBounds =
    supervised?.durationBounds ?? (await readDurationBounds(config.telemetry.slos));
  if (!supervised) await checkTargets(config);
  const state = openState(config.stateDir, { clock, random }, { exclusive: !supervised });
  // Its sockets have short names: a system takes no more than about a hundred bytes.
  const runDir = makeScratchFolder("ll-");
  const stop = new AbortController();
  let stores: OpenedStores | undefined;
  let audit: OpenedAuditLog | undefined;
  let identity: WiredIdentity | undefined;
  let chosen: ChosenFiles | undefined;
  const release = async (): Promise<void> => {
    stop.abort(new Error("the gateway was closed"));
    await identity?.close();
    await audit?.end();
    await stores?.close();
    await chosen?.written();
    state.close();
    runDir[Symbol.dispose]();
    logger.flush();
    output.close();
  };
  try {
    const isOwner = !supervised;
    stores = await openStores(config, { clock, logger, metrics, isOwner, ...supervised });
    const { store, repositories } = stores;
    const shared = { clock, random, logger, metrics, stores };
    const below = { ...shared, store, repositories, stateDir: state.dir };
    // A supervisor signs the heads of the one chain.
    const auditLog = supervised ? { ...config.auditLog, heads: undefined } : config.auditLog;
    audit = openAuditLog(auditLog, { ...below, controls: deps.controls });
    identity = await openIdentity(config, { ...below, audit, pepper: state.pepper });
    chosen = supervised ? undefined : await openChosen(state.dir, config.models.registered, logger);
    const more = {
      audit,
      identity,
      runDir: runDir.path,
      certificates,
      chosen,
      durationBounds,
      signal: stop.signal,
    };
    return { base: { ...below, ...more }, release };
  } catch (cause) {
    await release();
    throw cause;
  }
}

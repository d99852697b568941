import type { Clock } from "@loadline/kit/clock";
import type { Random } from "@loadline/kit/random";
import type { GatewayConfig } from "./config/schema.ts";
import type { Controls } from "./controls.ts";
import type { DrainReport } from "./health/drain.ts";
import type { Identity } from "./identity/identity.ts";
import type { CreatedKey } from "./identity/keys/key-service.ts";
import type { ExplainedOperation } from "./pipeline/stages.ts";
import type { ReadConfig, ReloadReport } from "./snapshot/reloader.ts";
import type { LogTaker } from "./telemetry/log-output.ts";
import type { Supervised } from "./workers/supervised.ts";

export interface GatewayDeps extends LogTaker {
  readonly clock: Clock;
  /** The machine's randomness: ids and keys are drawn from it. */
  readonly random: Random;
  /** Shown in /health. */
  readonly version?: string;
  /** Commit it was built from, shown in /health; absent: nobody knows. */
  readonly commit?: string | undefined;
  /** Reads the configuration again, checked; absent: there is nothing to read. */
  readonly readConfig?: ReadConfig;
  /** Controls a test replaces. */
  readonly controls?: Partial<Controls>;
  /** What a supervisor keeps for this process and its siblings; absent: it is the only one. */
  readonly supervised?: Supervised | undefined;
}

export interface Gateway {
  /** Listens; LL_SERVER_PORT_IN_USE when the address is taken. Readiness may come later. */
  start(): Promise<{ url: string }>;
  /**
   * Goes over to another configuration, by default the one that `readConfig` reads. Calls under way
   * keep the one they began with. Never rejects: a report with a `problem` says nothing was applied.
   */
  reload(config?: GatewayConfig): Promise<ReloadReport>;
  /** Waits until /readyz would answer 200; rejects with the signal's reason. */
  whenReady(signal?: AbortSignal): Promise<void>;
  close(o?: { graceMs?: number }): Promise<DrainReport>;
  /** Empty before `start`. */
  readonly url: string;
  /** The key made at the very first start of this state directory; shown here only. */
  readonly firstKey: CreatedKey | undefined;
  /** Keys, users, roles and tenants of its store. */
  readonly identity: Identity;
  readonly stateDir: string;
  readonly stages: readonly ExplainedOperation[];
}

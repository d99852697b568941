import type { BreakerBoard, BreakerView } from "../breaker/board.ts";
import type { AccountingShared } from "../limits/wire.ts";
import type { HostKeeper, ModelSwaps } from "../models/index.ts";
import type { HealthAnswer, LocalAnswers } from "../pipeline/answer.ts";
import type { Prepared, ReloadReport } from "../snapshot/reloader.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { Records } from "../state/records.ts";
import type { OpenWriter } from "../state/sqlite/open.ts";
import type { Store } from "../state/store.ts";
import type { TlsFiles } from "../tls/files.ts";
import type { Override } from "./calls.ts";

/** Breakers of every process of a gateway together. */
export interface EveryBreaker {
  list(): Promise<readonly BreakerView[]>;
  override(id: string, to: Override): Promise<boolean>;
}

/** What a worker has of its supervisor in the place of parts of its own. */
export interface Supervised {
  /** Shared with the other workers. */
  readonly port: number;
  /** What the others serve TLS with, should the files be bad by now. */
  readonly tlsFiles: TlsFiles | undefined;
  /** Bounds of the request duration, as all workers have them. */
  readonly durationBounds: readonly number[];
  readonly writer: OpenWriter;
  readonly records: (store: Store) => Records;
  readonly limits: AccountingShared;
  readonly hosts: HostKeeper;
  readonly models: ModelSwaps;
  readonly breakers: EveryBreaker;
  /** Of all processes. */
  health(): Promise<HealthAnswer>;
  metricsText(): Promise<string>;
  /** Of all processes; undefined when there is nothing to read again. */
  readonly reload: (() => Promise<ReloadReport>) | undefined;
  /** Told once, before anything listens, what this process has of its own. */
  attach(own: OwnParts): void;
}

/** The answers of all processes in the place of those of one. */
export function mergedAnswers(
  supervised: Supervised,
): Pick<LocalAnswers, "health" | "metricsText"> {
  return {
    health: () => supervised.health(),
    metricsText: () => supervised.metricsText(),
  };
}

/** What a supervisor asks of a worker, besides starting and draining it. */
export interface OwnParts {
  health(): HealthAnswer;
  metricsText(): string;
  readonly breakers: Pick<BreakerBoard, "list" | "override">;
  prepare(config: GatewayConfig): Prepared;
  addressFailed(address: string): void;
  /** Whether limits are decided by the supervisor by now. */
  isShared(): boolean;
}

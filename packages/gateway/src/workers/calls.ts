import type { BreakerView } from "../breaker/board.ts";
import type { HostPlan, SlotView } from "../models/index.ts";
import type { DrainReport } from "../health/drain.ts";
import type { HealthAnswer } from "../pipeline/answer.ts";
import type { ScriptCall } from "../limits/script-table.ts";
import type { ReloadReport } from "../snapshot/reloader.ts";
import type { AuditDraft, AuditHead, UsageBatch } from "../state/rows.ts";
import type { SqlRequest, SqlResult } from "../state/sqlite/protocol.ts";
import type { TlsFiles } from "../tls/files.ts";
import type { Op } from "./peer.ts";

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

/** One statement, or one step of a transaction, for the supervisor's writer. */
export type SqlAsk = WithoutId<SqlRequest>;

export type Override = "open" | "closed" | "auto";

export interface HostAsk {
  readonly name: string;
  readonly plan: HostPlan;
  readonly isStandby: boolean;
}

/** A model host of the supervisor as its workers see it. */
export interface HostState {
  readonly id: number;
  readonly socketPath: string;
  readonly isReady: boolean;
  readonly isStandby: boolean;
}

/** What a worker begins with. */
export interface WorkerPlan {
  /** As `packConfig` made it. */
  readonly config: unknown;
  readonly version: string;
  readonly commit: string | undefined;
  readonly port: number;
  /** Whether a reload may be asked for. */
  readonly canReload: boolean;
  readonly overrides: readonly (readonly [string, Override])[];
  /** Certificates and keys in force, in the clear, never log it; undefined without TLS. */
  readonly tlsFiles: TlsFiles | undefined;
  /** Of the request duration, seconds: what workers count is added up, bound by bound. */
  readonly durationBounds: readonly number[];
}

/** What a worker asks of its supervisor. */
export interface SupervisorCalls {
  readonly sql: Op<SqlAsk, { readonly tx: number; readonly result: SqlResult }>;
  readonly appendAudit: Op<
    { readonly tenantId: string; readonly drafts: readonly AuditDraft[] },
    AuditHead
  >;
  readonly appendUsage: Op<UsageBatch, boolean>;
  readonly limits: Op<ScriptCall, unknown>;
  readonly openHost: Op<HostAsk, HostState>;
  readonly startHost: Op<{ readonly id: number }, void>;
  readonly closeHost: Op<{ readonly id: number }, void>;
  readonly metrics: Op<void, string>;
  readonly health: Op<void, HealthAnswer>;
  readonly reload: Op<void, ReloadReport>;
  readonly breakers: Op<void, readonly BreakerView[]>;
  readonly override: Op<{ readonly id: string; readonly to: Override }, boolean>;
  readonly addressFailed: Op<{ readonly address: string }, void>;
  readonly models: Op<void, readonly SlotView[]>;
  readonly swapModel: Op<{ readonly target: string; readonly to: string }, SlotView>;
  readonly rollbackModel: Op<{ readonly target: string }, SlotView>;
  readonly modelTripped: Op<{ readonly target: string }, void>;
}

/** What a supervisor asks of a worker. */
export interface WorkerCalls {
  /** Answers once it listens. */
  readonly begin: Op<WorkerPlan, { readonly url: string }>;
  readonly ready: Op<void, boolean>;
  readonly metrics: Op<void, string>;
  readonly health: Op<void, HealthAnswer>;
  readonly breakers: Op<void, readonly BreakerView[]>;
  readonly override: Op<{ readonly id: string; readonly to: Override }, boolean>;
  readonly prepare: Op<{ readonly config: unknown }, void>;
  readonly commit: Op<void, ReloadReport>;
  readonly abort: Op<void, void>;
  readonly host: Op<HostState, void>;
  readonly addressFailed: Op<{ readonly address: string }, void>;
  readonly drain: Op<{ readonly graceMs: number | undefined }, DrainReport>;
}

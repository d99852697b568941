import type { Clock } from "@loadline/kit/clock";
import type { Logger } from "@loadline/kit/logger";
import type { Metrics } from "@loadline/kit/metrics";
import type { Random } from "@loadline/kit/random";
import type { Controls } from "../controls.ts";
import type { Repositories } from "../state/repositories.ts";
import type { AuditLogConfig } from "./config.ts";
import { sealDraft } from "./entry.ts";
import { createHeadWriter, type HeadWriter } from "./heads.ts";
import { type AuditLog, createAuditLog } from "./log.ts";
import { createAuditMetrics } from "./metrics.ts";
import { loadSigningKey, loadVerifyingKey } from "./signing-key.ts";

export interface OpenAuditLogDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly repositories: Pick<Repositories, "audit" | "facts">;
  /** Where the signing key is kept. */
  readonly stateDir: string;
  readonly controls?: Partial<Controls> | undefined;
}

const closeMs = 2000;

export interface OpenedAuditLog extends AuditLog {
  /** Writes what waits, at most 2 s, and signs a last head. */
  end(): Promise<void>;
}

/** The audit log over the store, with signed heads when `heads` names a file. */
export function openAuditLog(config: AuditLogConfig, deps: OpenAuditLogDeps): OpenedAuditLog {
  const { audit, facts } = deps.repositories;
  const metrics = createAuditMetrics(deps.metrics);
  let heads: HeadWriter | undefined;
  if (config.heads !== undefined) {
    const key = loadSigningKey(deps.stateDir);
    const verifyingKey = loadVerifyingKey(deps.stateDir);
    const signing = { key, verifyingKey, path: config.heads };
    heads = createHeadWriter({ ...deps, metrics, audit, facts, ...signing });
  }
  const log = createAuditLog({
    ...deps,
    metrics,
    onFull: config.onFull,
    append: (tenantId, drafts) => audit.append(tenantId, drafts, sealDraft),
    onCommit: (_tenantId, count) => heads?.onCommit(count),
  });
  const opened = Object.assign(log, {
    async end() {
      await log.close(closeMs);
      await heads?.close();
    },
  });
  return deps.controls?.audit?.(opened) ?? opened;
}

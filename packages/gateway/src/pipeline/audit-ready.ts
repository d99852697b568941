import type { ExchangeAudit } from "../audit-log/exit.ts";
import type { Operation } from "./operations.ts";
import type { Stage } from "./stage.ts";

const retryAfterMs = 1000;

/** Whether an operation of a caller leaves entries that must not be lost. */
export const leavesEntries = ({ isModel, limits }: Operation): boolean =>
  isModel || limits === "files";

/** Refuses requests for models and files while the audit log can keep no entry of them. */
export function auditReadyStage(audit: ExchangeAudit | undefined): Stage {
  return {
    id: "audit-ready",
    summary: "audit log has room",
    wired: leavesEntries,
    run: () =>
      audit === undefined || audit.isAccepting()
        ? undefined
        : { code: "LL_AUDITLOG_FULL", retryAfterMs },
  };
}

import type { ExchangeAudit } from "../audit-log/exit.ts";
import { modelOnly, type Stage } from "./stage.ts";

const retryAfterMs = 1000;

/** Refuses model requests while the audit log can keep no entry of them. */
export function auditReadyStage(audit: ExchangeAudit | undefined): Stage {
  return {
    id: "audit-ready",
    summary: "audit log has room",
    wired: modelOnly,
    run: () =>
      audit === undefined || audit.isAccepting()
        ? undefined
        : { code: "LL_AUDITLOG_FULL", retryAfterMs },
  };
}

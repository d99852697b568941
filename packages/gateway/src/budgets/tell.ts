import { defaultTenant } from "../identity/acting.ts";
import type { Logger } from "@loadline/kit/logger";
import type { AuditSink } from "../audit-log/events.ts";
import type { Alerts } from "./alerts.ts";

const system = { id: "gateway", kind: "internal", via: "internal", credential: "" };

/** Crossings go to the log and, when there is one, into the audit log. */
export function budgetAlerts(o: {
  readonly logger: Logger;
  readonly audit?: AuditSink | undefined;
}): Alerts {
  return {
    onCrossed({ dim, name, period, share, spentNano }) {
      const percent = Math.round(share * 100);
      o.logger.warn("budget.alert", { budget: dim.name, name, period, percent, spentNano });
      o.audit?.record({
        tenant: dim.scope === "tenant" ? name : defaultTenant,
        actor: system,
        action: "budget.alert",
        object: { type: dim.scope, id: name },
        outcome: "ok",
        detail: { period, percent, spentNano, limitNano: dim.limit },
      });
    },
  };
}

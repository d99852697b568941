import { createHash } from "node:crypto";
import type { Logger } from "@loadline/kit/logger";
import type { AuditSink } from "../audit-log/events.ts";
import type { SharedStore } from "../limits/shared-store.ts";
import type { Alerts, Crossing } from "./alerts.ts";

const system = { id: "gateway", kind: "internal", via: "internal", credential: "" };

/**
 * Crossings go to the log and, when there is one, into the audit log of the tenant whose budget it is.
 * Of processes with a shared store the one tells that is first there; one that gets no answer of it
 * tells, because an alert that comes twice is better than none. The audit log keeps one of a kind.
 */
export function budgetAlerts(o: {
  readonly logger: Logger;
  readonly audit?: AuditSink | undefined;
  readonly shared?: Pick<SharedStore, "isFirst"> | undefined;
}): Alerts {
  const tell = (crossing: Crossing): void => {
    const { dim, name, tenant, period, share, spentNano } = crossing;
    const percent = percentOf(share);
    o.logger.warn("budget.alert", { budget: dim.name, name, tenant, period, percent, spentNano });
    o.audit?.record({
      tenant,
      actor: system,
      action: "budget.alert",
      object: { type: dim.scope, id: name },
      outcome: "ok",
      once: onceOf(crossing),
      detail: { period, percent, spentNano, limitNano: dim.limit },
    });
  };
  return {
    onCrossed(crossing) {
      if (!o.shared) return tell(crossing);
      void o.shared.isFirst(markOf(crossing), crossing.period).then((isFirst) => {
        if (isFirst !== false) tell(crossing);
      });
    },
  };
}

/** In the slot of its limiter; a budget whose figure changed is told of again. */
function markOf({ key, period, dim, share }: Crossing): string {
  return `${key}:told:${period}:${dim.limit}:${percentOf(share)}`;
}

function onceOf({ dim, name, period, share }: Crossing): string {
  const text = JSON.stringify([dim.key, name, period, dim.limit, percentOf(share)]);
  return `budget-${createHash("sha256").update(text).digest("base64url")}`;
}

const percentOf = (share: number): number => Math.round(share * 100);

import type { Metrics } from "@loadline/kit/metrics";
import { queueMetrics } from "../telemetry/queues.ts";

export interface AuditMetrics {
  committed(outcome: string): void;
  dropped(count: number): void;
  failed(): void;
  headSigned(): void;
  /** `depth` is read at each rendering. */
  onRender(depth: () => number): void;
}

const outcomes = ["ok", "denied", "failed"];

/** Counters of the audit log; every series is there from the start. */
export function createAuditMetrics(metrics: Metrics): AuditMetrics {
  const entries = metrics.counter("loadline_audit_entries", "Entries committed.", {
    outcome: outcomes,
  });
  const queue = queueMetrics(metrics, "audit");
  const failures = metrics.counter("loadline_audit_commit_failures", "Commits that failed.", {});
  const heads = metrics.counter("loadline_audit_heads", "Heads signed and written.", {});
  const slots = new Map(outcomes.map((name, i) => [name, entries.slot([i])]));
  return {
    committed: (outcome) => entries.add(slots.get(outcome) ?? 0),
    dropped: queue.dropped,
    failed: () => failures.add(0),
    headSigned: () => heads.add(0),
    onRender: queue.watch,
  };
}

import type { Metrics } from "@loadline/kit/metrics";

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
  const dropped = metrics.counter("loadline_audit_dropped", "Events the full queue lost.", {});
  const failures = metrics.counter("loadline_audit_commit_failures", "Commits that failed.", {});
  const heads = metrics.counter("loadline_audit_heads", "Heads signed and written.", {});
  const depth = metrics.gauge("loadline_audit_queue_depth", "Events not yet committed.", {});
  const slots = new Map(outcomes.map((name, i) => [name, entries.slot([i])]));
  return {
    committed: (outcome) => entries.add(slots.get(outcome) ?? 0),
    dropped: (count) => dropped.add(0, count),
    failed: () => failures.add(0),
    headSigned: () => heads.add(0),
    onRender: (read) => metrics.onRender(() => depth.set(0, read())),
  };
}

import type { Claim } from "@loadline/contract";

type Row = Pick<Claim, "id" | "statement" | "kind" | "category" | "rationale"> & {
  readonly target?: number;
  readonly items?: readonly string[];
};

/**
 * Promises of the full profile whose stages this build does not run. They are declared so that
 * the outcome cannot leave them out: each stays `not_tested(not_run)`.
 */
const rows: readonly Row[] = [
  {
    id: "chaos.upstream_kill",
    statement: "Killing the active upstream under load recovers in >= 95 % of trials",
    kind: "trials",
    target: 0.95,
    category: "Operational Readiness",
    rationale: "An upstream dies sooner or later; one lucky failover proves little.",
  },
  {
    id: "chaos.partition",
    statement: "A network partition ends without an operator in >= 95 % of trials",
    kind: "trials",
    target: 0.95,
    category: "Operational Readiness",
    rationale: "A healed network must be enough for the service to heal.",
  },
  {
    id: "audit.families",
    statement: "Every audit family was run against the target",
    kind: "coverage",
    items: ["injection", "tenant isolation", "authorization", "data leak"],
    category: "Security & Compliance",
    rationale: "Security that was not attacked is not known.",
  },
  {
    id: "drill.restore",
    statement: "Backup and restore was drilled on every declared store",
    kind: "coverage",
    items: ["database", "objects", "vectors"],
    category: "Disaster Recovery",
    rationale: "A backup that was never restored is a hope.",
  },
];

/** The claims of chaos, audit and drill. */
export function laterClaims(confidence: number): Claim[] {
  return rows.map((row) => ({
    ...row,
    of: row.id,
    parts: ["all"],
    confidence,
    required: true,
  }));
}

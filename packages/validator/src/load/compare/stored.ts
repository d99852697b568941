import { canonicalJson, type EvidenceRecord, type RunPlan, toBytes } from "@loadline/contract";
import { sha256 } from "../../evidence/sha256.ts";
import { isRecord } from "../../probes/shapes.ts";
import { loadErrors } from "../errors.ts";

/** What two runs must share before their figures stand side by side. */
export interface RunIdentity {
  readonly scheduleHash: string | null;
  /** Of the scenarios as planned. */
  readonly scenarioDigest: string;
  readonly target: string;
  /** Platform and number of processors. */
  readonly machine: string;
}

/** Reads the identity of a stored run from its plan and evidence. */
export function identityOf(plan: RunPlan, records: readonly EvidenceRecord[]): RunIdentity {
  const load = plan.stages["load"];
  const scenarios = isRecord(load) ? (load["scenarios"] ?? load) : {};
  const started = records.find(({ kind }) => kind === "run.started")?.data ?? {};
  const schedule = records.find(({ data }) => typeof data["scheduleHash"] === "string");
  const hash = schedule?.data["scheduleHash"];
  return {
    scheduleHash: typeof hash === "string" ? hash : null,
    scenarioDigest: sha256(toBytes(canonicalJson(scenarios))),
    target: plan.target.baseUrl,
    machine: `${String(started["platform"])}, ${String(started["cpus"])} processors`,
  };
}

const names: Readonly<Record<keyof RunIdentity, string>> = {
  scheduleHash: "schedule",
  scenarioDigest: "scenarios",
  target: "target",
  machine: "machine",
};

/** Stored runs are compared only if all of this is equal. @throws LL_LOAD_NOT_COMPARABLE */
export function checkComparable(a: RunIdentity, b: RunIdentity): void {
  const keys = ["scheduleHash", "scenarioDigest", "target", "machine"] as const;
  const different = keys.filter((key) => a[key] !== b[key] || a[key] === null);
  if (different.length === 0) return;
  const parts = different.map((key) => `${names[key]} (${a[key] ?? "none"}, ${b[key] ?? "none"})`);
  const text = `The runs differ in ${parts.join("; ")}.`;
  throw loadErrors.make("LL_LOAD_NOT_COMPARABLE", text);
}

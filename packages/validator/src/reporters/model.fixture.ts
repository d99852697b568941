import {
  buildReportModel,
  type ClaimVerdict,
  createChain,
  type EvidenceRecord,
  fold,
  planDigest,
  type ReportModel,
  type RunPlan,
} from "@loadline/contract";
import { sha256 } from "../evidence/sha256.ts";
import { textReporters } from "./table.ts";

const basePlan: RunPlan = {
  schema: "loadline-plan/v1",
  profile: "quick",
  target: { name: "simulator", baseUrl: "http://127.0.0.1:9/v1" },
  confidence: 0.95,
  maxWaived: 3,
  budgetMinutes: 1,
  stages: {},
  claims: [
    {
      id: "http.up",
      statement: 'It answers <& "all" | `of` it',
      kind: "predicate",
      of: "probe.http.up",
      parts: ["all"],
      confidence: 0.95,
      required: true,
      category: "Architecture & Design",
      rationale: "A promise to users.",
    },
  ],
};

/** The model of a run with one claim that passed; `over` are further keys of its plan. */
export function makeModel(
  ended: "done" | "cancelled" = "done",
  over: Partial<RunPlan> = {},
): ReportModel {
  const plan: RunPlan = { ...basePlan, ...over };
  const digest = planDigest(plan, sha256);
  const chain = createChain({ run: "run-1", planDigest: digest, digest: sha256 });
  const records: EvidenceRecord[] = [];
  const add = (kind: EvidenceRecord["kind"], data: object): void => {
    const at = new Date(Date.UTC(2026, 3, 12) + records.length * 100).toISOString();
    const by = { id: "probe.http.up", version: "1", digest: "" };
    const rest = { claims: ["http.up"], target: "simulator", provenance: "measured", by } as const;
    records.push(chain.append({ ...rest, kind, data: { ...data } }, at, records.length * 100));
  };
  add("run.started", { planDigest: digest, toolVersion: "0.1.0" });
  const seen = { stream: "probe.http.up", part: "all", seen: "status 200" };
  add("observation", { ...seen, ok: true, attempt: 1 });
  add("observation", { ...seen, ok: true, attempt: 2 });
  add("sample.closed", { stream: "probe.http.up", part: "all" });
  add("run.closed", { reason: ended });
  const verdict = fold(plan, records, { chainHead: chain.head(), planDigest: digest, now: "" });
  const planText = "target: {}\nclaims:\n  - id: http.up\n";
  return buildReportModel({ plan, planText, records, verdict });
}

export const whole = makeModel();

/** The same with these claims in place of its own. */
export function modelOf(claims: readonly Partial<ClaimVerdict>[]): ReportModel {
  const [base] = whole.verdict.claims;
  if (!base) throw new Error("the model has a claim");
  const { outcome } = makeModel("cancelled").verdict;
  const made = claims.map((over) => ({ ...base, ...over }));
  return { ...whole, verdict: { ...whole.verdict, outcome, claims: made } };
}

export function render(model: ReportModel, id: string): string {
  const reporter = textReporters.find((one) => one.id === id);
  if (!reporter) throw new Error(`there is no reporter ${id}`);
  return reporter.render(model);
}

import {
  canonicalJson,
  type EvidenceRecord,
  type ProjectedRow,
  projectedRows,
  type Projection,
  projectVerdict,
  type ReportModel,
} from "@loadline/contract";
import type { Reporter } from "../run/types.ts";
import { toolVersionOf } from "./plan-lines.ts";

type Json = Readonly<Record<string, unknown>>;
type Status = Projection["ctrf"];

const statusOf = (claim: ProjectedRow): Status =>
  projectVerdict(claim.verdict, claim.disposition).ctrf;

/** Attempts of a predicate, as recorded: none replaces another. */
function attempts(records: readonly EvidenceRecord[]): Json[] {
  const seen = records.filter(
    ({ kind, data }) => kind === "observation" && typeof data["attempt"] === "number",
  );
  if (seen.length < 2) return [];
  return seen.map(({ data }, index) => ({
    attempt: index + 1,
    status: data["ok"] === true ? "passed" : "failed",
    ...(typeof data["seen"] === "string" && { message: data["seen"] }),
  }));
}

/** Time between the first and the last record a claim cites, whole ms. */
function durationMsOf(records: readonly EvidenceRecord[]): number {
  const times = records.map(({ mono }) => mono);
  return times.length === 0 ? 0 : Math.round(Math.max(...times) - Math.min(...times));
}

function messageOf(claim: ProjectedRow, model: ReportModel): string {
  const accepted = model.verdict.waivers?.applied.find((one) => one.claim === claim.id);
  const why =
    accepted === undefined
      ? ""
      : ` ${accepted.disposition}: ${accepted.reason} (${accepted.owner}, approved by ${accepted.approvedBy})`;
  return `${claim.statement}. ${claim.sentence}${why}`;
}

function testOf(
  claim: ProjectedRow,
  model: ReportModel,
  bySeq: ReadonlyMap<number, EvidenceRecord>,
): Json {
  const records = claim.evidence.flatMap((seq) => bySeq.get(seq) ?? []);
  const tries = attempts(records);
  const { verdict, reason, disposition, required, n, bad } = claim;
  return {
    name: claim.id,
    status: statusOf(claim),
    rawStatus: disposition === undefined ? verdict : `${verdict}, ${disposition}`,
    duration: durationMsOf(records),
    suite: [claim.category],
    message: messageOf(claim, model),
    type: claim.kind,
    ...(tries.length > 0 && { retries: tries.length - 1, retryAttempts: tries }),
    extra: {
      required,
      n,
      bad,
      ...(reason !== undefined && { reason }),
      evidence: claim.evidence,
      reproduce: claim.reproduce,
    },
  };
}

/** Totals are counted from the rows written beside them. */
function renderCtrf(model: ReportModel): string {
  const { startedAt, endedAt, outcome, run, target } = model.verdict;
  const claims = projectedRows(model.verdict);
  const bySeq = new Map(model.records.map((record) => [record.seq, record]));
  const of = (status: Status): number => claims.filter((one) => statusOf(one) === status).length;
  const version = toolVersionOf(model);
  const results = {
    tool: { name: "loadline", ...(version !== "" && { version }) },
    summary: {
      tests: claims.length,
      passed: of("passed"),
      failed: of("failed"),
      skipped: of("skipped"),
      pending: of("pending"),
      other: of("other"),
      suites: new Set(claims.map(({ category }) => category)).size,
      start: Date.parse(startedAt),
      stop: Date.parse(endedAt),
      extra: { outcome, run, target },
    },
    tests: claims.map((claim) => testOf(claim, model, bySeq)),
  };
  const frame = { reportFormat: "CTRF", specVersion: "0.0.0", timestamp: endedAt };
  return `${canonicalJson({ ...frame, generatedBy: "loadline", results })}\n`;
}

export const ctrfReporter: Reporter = { id: "ctrf", file: "ctrf.json", render: renderCtrf };

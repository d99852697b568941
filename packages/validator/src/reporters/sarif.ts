import {
  canonicalJson,
  type ProjectedRow,
  projectedRows,
  projectVerdict,
  type ReportModel,
  verdictOrder,
} from "@loadline/contract";
import type { Reporter } from "../run/types.ts";
import { type PlanPlace, planPlaces, toolVersionOf } from "./plan-lines.ts";

/** GitHub reads no more results of one run. */
export const githubResultsMax = 5_000;
const schema = "https://json.schemastore.org/sarif-2.1.0.json";

type Json = Readonly<Record<string, unknown>>;
type Places = (claim: string) => PlanPlace;

const projected = (claim: ProjectedRow) => projectVerdict(claim.verdict, claim.disposition);

function textOf(claim: ProjectedRow): string {
  const reason = claim.reason === undefined ? "" : ` (${claim.reason})`;
  return `${claim.verdict}${reason}: ${claim.statement}. ${claim.sentence}`;
}

function rule(claim: ProjectedRow): Json {
  return {
    id: claim.id,
    shortDescription: { text: claim.statement },
    properties: { category: claim.category, required: claim.required, kind: claim.kind },
  };
}

/** Stable over runs: the same claim open for the same reason is the same alert. */
function resultBase(claim: ProjectedRow, places: Places): Json {
  const { uri, startLine } = places(claim.id);
  return {
    ruleId: claim.id,
    message: { text: textOf(claim) },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine } } }],
    partialFingerprints: { "loadlineClaim/v1": `${claim.id}:${claim.reason ?? claim.verdict}` },
  };
}

function suppression(claim: ProjectedRow, model: ReportModel): Json {
  const found = model.verdict.waivers?.applied.find((one) => one.claim === claim.id);
  const justification =
    found === undefined
      ? claim.sentence
      : `${found.reason} Owner ${found.owner}, approved by ${found.approvedBy}, until ${found.expires ?? ""}.`;
  return { suppressions: [{ kind: "external", status: "accepted", justification }] };
}

function fullResult(claim: ProjectedRow, model: ReportModel, places: Places): Json {
  const { sarif } = projected(claim);
  const { verdict, disposition, n, bad } = claim;
  const over = disposition === undefined ? {} : { disposition };
  return {
    ...resultBase(claim, places),
    kind: sarif.kind,
    level: sarif.level,
    ...(sarif.suppressed && suppression(claim, model)),
    properties: { verdict, ...over, n, bad, evidence: claim.evidence },
  };
}

function document(model: ReportModel, run: Json): string {
  const version = toolVersionOf(model);
  const { outcome, target, chainHead } = model.verdict;
  const driver = {
    name: "loadline",
    ...(version !== "" && { version }),
    rules: projectedRows(model.verdict).map(rule),
  };
  const properties = { outcome, run: model.verdict.run, target, chainHead };
  const runs = [{ tool: { driver }, columnKind: "utf16CodeUnits", properties, ...run }];
  return `${canonicalJson({ $schema: schema, version: "2.1.0", runs })}\n`;
}

/** Everything: proven, refuted, open; what broke in our own check is a notification. */
function renderFull(model: ReportModel): string {
  const { startedAt, endedAt } = model.verdict;
  const claims = projectedRows(model.verdict);
  const places = planPlaces(model);
  const isNote = (claim: ProjectedRow): boolean => projected(claim).sarif.kind === "notification";
  const notes = claims.filter(isNote).map((claim) => ({
    descriptor: { id: claim.id },
    level: "error",
    message: { text: textOf(claim) },
  }));
  const invocation = {
    executionSuccessful: notes.length === 0,
    startTimeUtc: startedAt,
    endTimeUtc: endedAt,
    toolExecutionNotifications: notes,
  };
  const results = claims
    .filter((claim) => !isNote(claim))
    .map((claim) => fullResult(claim, model, places));
  return document(model, { invocations: [invocation], results });
}

/** Only what somebody must act on: GitHub shows every uploaded result as a problem. */
function renderGithub(model: ReportModel): string {
  const places = planPlaces(model);
  const order = (claim: ProjectedRow): number => verdictOrder.indexOf(claim.verdict);
  const open = projectedRows(model.verdict).filter((claim) => projected(claim).github !== null);
  const results = open
    .toSorted((a, b) => order(a) - order(b))
    .slice(0, githubResultsMax)
    .map((claim) => ({ ...resultBase(claim, places), level: projected(claim).github }));
  return document(model, { results });
}

export const sarifReporter: Reporter = {
  id: "sarif",
  file: "results.sarif",
  render: renderFull,
};

export const sarifGithubReporter: Reporter = {
  id: "sarif-github",
  file: "results-github.sarif",
  render: renderGithub,
};

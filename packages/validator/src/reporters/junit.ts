import {
  type ClaimVerdict,
  type ProjectedRow,
  projectedRows,
  type ReportModel,
} from "@loadline/contract";
import type { Reporter } from "../run/types.ts";

/** Text fit for an XML 1.0 document: escaped, and without the characters XML cannot carry. */
export function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;");
}

type Mark = "failure" | "error" | "skipped" | null;

/**
 * verdicts.md section 9: nothing unproven is a bare skip, or a pipeline would show it as success.
 *
 * | verdict | element |
 * |---|---|
 * | passed | none |
 * | failed | failure |
 * | inconclusive, error | error |
 * | not_tested | error of type `not-tested` |
 * | waived, not applicable | skipped, with the reason |
 */
export function markOf(claim: Pick<ClaimVerdict, "verdict" | "disposition">): Mark {
  if (claim.disposition !== undefined) return "skipped";
  if (claim.verdict === "passed") return null;
  return claim.verdict === "failed" ? "failure" : "error";
}

function typeOf(claim: ProjectedRow): string {
  if (claim.verdict === "not_tested") return "not-tested";
  return claim.reason === undefined ? claim.verdict : `${claim.verdict}.${claim.reason}`;
}

/** Who accepted a claim and why; "" where nobody did. */
function acceptedText(claim: ProjectedRow, model: ReportModel): string {
  const found = model.verdict.waivers?.applied.find((one) => one.claim === claim.id);
  if (found === undefined) return "";
  const until = found.expires === undefined ? "" : `, until ${found.expires}`;
  return ` ${found.disposition}: ${found.reason} (${found.owner}, approved by ${found.approvedBy}${until})`;
}

function testcase(claim: ProjectedRow, model: ReportModel): string {
  const open = `    <testcase classname="${xmlText(claim.category)}" name="${xmlText(claim.id)}"`;
  const mark = markOf(claim);
  if (mark === null) return `${open}/>`;
  const accepted = acceptedText(claim, model);
  const message = xmlText(`${claim.statement}: ${claim.sentence}${accepted}`);
  // The schemas of JUnit give a skipped element text and no attribute.
  const element =
    mark === "skipped"
      ? `<skipped>${message}</skipped>`
      : `<${mark} message="${message}" type="${xmlText(typeOf(claim))}"/>`;
  return `${open}>\n      ${element}\n    </testcase>`;
}

function suite(model: ReportModel, category: string): string {
  const claims = projectedRows(model.verdict).filter((claim) => claim.category === category);
  const count = (mark: Mark): number => claims.filter((claim) => markOf(claim) === mark).length;
  const totals = `tests="${claims.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  const head = `  <testsuite name="${xmlText(category)}" ${totals} timestamp="${xmlText(model.verdict.startedAt)}">`;
  return [head, ...claims.map((claim) => testcase(claim, model)), "  </testsuite>"].join("\n");
}

/** The schema gives the totals of a whole document no `skipped`; each suite has its own. */
function renderJunit(model: ReportModel): string {
  const { outcome, durationMs } = model.verdict;
  const claims = projectedRows(model.verdict);
  const count = (mark: Mark): number => claims.filter((claim) => markOf(claim) === mark).length;
  const totals = `tests="${claims.length}" failures="${count("failure")}" errors="${count("error")}" time="${(durationMs / 1000).toFixed(3)}"`;
  const categories = [...new Set(claims.map((claim) => claim.category))].sort();
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="loadline ${outcome}" ${totals}>`,
    ...categories.map((category) => suite(model, category)),
    "</testsuites>",
    "",
  ].join("\n");
}

export const junitReporter: Reporter = { id: "junit", file: "junit.xml", render: renderJunit };

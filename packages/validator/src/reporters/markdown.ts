import {
  type ClaimVerdict,
  formatDuration,
  formatFigure,
  formatInterval,
  formatNumber,
  formatObserved,
  formatRatio,
  type ReportModel,
  shellLine,
} from "@loadline/contract";
import type { Reporter } from "../run/types.ts";
import { scoreSection } from "./markdown-score.ts";

/** Makes foreign text one inert line: no markup, no table cell, no link of its own. */
export function inertText(text: string): string {
  const line = text.replace(/[\r\n\t]+/g, " ").replace(/\p{Cc}/gu, "");
  return line
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[\\`*_[\]|~#!]/g, (sign) => `\\${sign}`);
}

/** A fenced block no content can close. */
export function fence(text: string): string {
  const longest = [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 2);
  const ticks = "`".repeat(longest + 1);
  return `${ticks}text\n${text.replace(/[^\P{Cc}\n]/gu, "")}\n${ticks}`;
}

function verdictText(claim: ClaimVerdict): string {
  const reason = claim.reason === undefined ? "" : ` (${claim.reason})`;
  const over = claim.disposition === undefined ? "" : `, ${claim.disposition}`;
  return `${claim.verdict}${reason}${over}`;
}

/** Kinds whose limit is the least share. */
const shares: ReadonlySet<ClaimVerdict["kind"]> = new Set([
  "proportion",
  "trials",
  "time_availability",
  "window_slo",
]);

/** The limit with the side on which a good value lies, whatever the claim is called. */
function limitText({ kind, limit }: ClaimVerdict): string {
  if (limit === null) return "-";
  const text = formatFigure(limit);
  if (shares.has(kind)) return `>= ${text}`;
  return kind === "quantile" ? `< ${text}` : text;
}

function claimRow(claim: ClaimVerdict): string {
  const cells = [
    verdictText(claim),
    claim.id,
    claim.required ? "required" : "optional",
    inertText(claim.statement),
    formatNumber(claim.n),
    formatObserved(claim),
    limitText(claim),
    claim.interval === null ? "-" : formatInterval(claim.interval),
    inertText(claim.sentence),
  ];
  return `| ${cells.map((cell, i) => (i > 2 ? cell : inertText(cell))).join(" | ")} |`;
}

function claimTable(claims: readonly ClaimVerdict[]): string[] {
  if (claims.length === 0) return ["None."];
  return [
    "| verdict | claim | counts | statement | n | observed | limit | interval | why |",
    "|---|---|---|---|---|---|---|---|---|",
    ...claims.map(claimRow),
  ];
}

function findings(model: ReportModel): string[] {
  if (model.findings.length === 0) return ["None."];
  return model.findings.flatMap((finding) => [
    `### ${inertText(finding.title)}`,
    "",
    `- Severity: ${finding.severity}`,
    `- Impact: ${inertText(finding.impact)}`,
    `- Status: ${finding.status}`,
    `- Owner: ${finding.owner === null ? "nobody is named" : inertText(finding.owner)}`,
    `- Resolution: ${inertText(finding.remedy)}`,
    `- Evidence: ${finding.claims.map(inertText).join(", ")}, evidence.jsonl record ${finding.evidence.map(formatNumber).join(", ")}`,
    "",
    fence(finding.raw),
    "",
    fence(shellLine(finding.reproduce)),
    "",
  ]);
}

function head(model: ReportModel): string[] {
  const { verdict } = model;
  const coverage = verdict.coverage === null ? "no claims" : formatRatio(verdict.coverage);
  return [
    `# ${verdict.outcome}`,
    "",
    inertText(verdict.sentence),
    "",
    `- Target: ${inertText(verdict.target)}`,
    `- Run: ${inertText(verdict.run)}, ${inertText(verdict.startedAt)}, ${formatDuration(verdict.durationMs)}`,
    `- Profile: ${inertText(verdict.profile)}`,
    `- Decided: ${formatNumber(verdict.counts.decided)} of ${formatNumber(verdict.counts.required)} required claims, coverage ${coverage}`,
    ...(verdict.identity ?? []).map(
      (one) => `- ${inertText(`${one.target}: ${one.fact} ${one.value}, ${one.provenance}`)}`,
    ),
    `- Origin: ${inertText(model.origin)}`,
    `- Chain head: ${verdict.chainHead}`,
  ];
}

function renderMarkdown(model: ReportModel): string {
  const { verdict } = model;
  const open = verdict.claims.filter((claim) => claim.verdict !== "passed");
  const lines = [
    ...head(model),
    "",
    "## Claims",
    "",
    ...claimTable(verdict.claims),
    "",
    "## What would prove the rest",
    "",
    ...(open.length === 0
      ? ["Nothing is open."]
      : open.map((claim) => `- ${inertText(claim.id)}: ${inertText(claim.toProve)}`)),
    "",
    ...scoreSection(model, inertText),
    "## Findings",
    "",
    ...findings(model),
    "",
    "## What this evidence does not prove",
    "",
    ...verdict.limits.map((limit) => `- ${inertText(limit)}`),
    "",
    "## Verify",
    "",
    fence(shellLine(model.commands.verify)),
  ];
  return `${lines.join("\n").replace(/\n{3,}/g, "\n\n")}\n`;
}

export const markdownReporter: Reporter = {
  id: "md",
  file: "report.md",
  render: renderMarkdown,
};

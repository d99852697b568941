import type { ClaimDiff, ClaimSide, ClaimVerdict, DiffSide, RunDiff } from "@loadline/contract";
import { formatCount, formatMinute } from "../model/format.ts";
import { outcomeMarks } from "../model/mark-shapes.ts";
import { escapeHtml } from "../report/escape.ts";
import { plainDocumentOf, type ReportAssets } from "../report/template.ts";
import { markSvg } from "../report/mark-svg.ts";
import { seriesSvg } from "./series.ts";

/** Claims of one kind of change that are shown; the rest is counted. */
const rowsMax = 500;

export const verbatim = (text: string): string => `<bdi>${escapeHtml(text)}</bdi>`;
export const figure = (text: string | number): string => `<data>${escapeHtml(String(text))}</data>`;

/** One claim in one run: mark, word, reason, figure and interval. */
export function sideCell(side: ClaimSide | null): string {
  if (side === null) return "no such claim";
  const { verdict, reason, disposition, n, observed, interval } = side;
  const why = reason === undefined ? "" : ` ${escapeHtml(reason)}`;
  const over = disposition === undefined ? "" : `, ${disposition}`;
  const figures = interval === "" ? observed : `${observed} ${interval}`;
  const seen = verdict === "not_tested" ? "" : ` ${figure(figures)} n ${figure(formatCount(n))}`;
  return `${markSvg(verdict, disposition)} <b>${verdict}</b>${why}${over}${seen}`;
}

const headings = {
  worse: "Worse",
  better: "Better",
  new: "New",
  gone: "Gone",
  unchanged: "Unchanged verdicts",
} as const;

interface Sides {
  readonly a: ReadonlyMap<string, ClaimVerdict>;
  readonly b: ReadonlyMap<string, ClaimVerdict>;
}

const columns = ["claim", "A", "B", "A, B", "lines"] as const;

function claimRow(row: ClaimDiff, { a, b }: Sides): string {
  const why =
    row.broken.length === 0 ? "joined" : `not joined: ${escapeHtml(row.broken.join(", "))}`;
  const points = [a, b].map((side, at) => ({
    claim: side.get(row.claim) ?? null,
    isBroken: at === 1 && row.broken.length > 0,
  }));
  const chart = seriesSvg(points, `${row.claim}: A then B, ${why}`);
  const cells = [verbatim(row.claim), sideCell(row.a), sideCell(row.b), chart, why];
  // Where a page is narrow the cells stand below each other, each after the name of its column.
  return `<tr>${cells.map((cell, at) => `<td data-of="${columns[at]}">${cell}</td>`).join("")}</tr>`;
}

function claimTable(change: ClaimDiff["change"], rows: readonly ClaimDiff[], sides: Sides): string {
  if (rows.length === 0) return "";
  const shown = rows.slice(0, rowsMax).map((row) => claimRow(row, sides));
  const rest = rows.length - shown.length;
  const more = rest === 0 ? "" : `<p>${figure(rest)} more are not shown</p>`;
  const head = columns.map((name) => `<th scope="col">${name}</th>`);
  const [open, close] =
    change === "unchanged" ? ["<details><summary>show</summary>", "</details>"] : ["", ""];
  return `<h2>${headings[change]} ${figure(rows.length)}</h2>
${open}<div class="scroll" tabindex="0" role="region" aria-label="${headings[change]}"><table><thead><tr>${head.join("")}</tr></thead>
<tbody>${shown.join("\n")}</tbody></table></div>${more}${close}`;
}

const bullets = (title: string, rows: readonly string[]): string =>
  rows.length === 0
    ? ""
    : `<h2>${title} ${figure(rows.length)}</h2>\n<ul>${rows.map((row) => `<li>${row}</li>`).join("\n")}</ul>`;

function runLine(name: string, { verdict }: DiffSide): string {
  const { run, outcome, startedAt, target, profile } = verdict;
  return `<p>${name} ${verbatim(run)} ${markSvg(outcomeMarks[outcome])} <b>${outcome}</b> <time>${escapeHtml(formatMinute(startedAt))}</time> ${verbatim(target)} profile ${verbatim(profile)}</p>`;
}

const byId = ({ verdict }: DiffSide): ReadonlyMap<string, ClaimVerdict> =>
  new Map(verdict.claims.map((claim) => [claim.id, claim]));

/**
 * What changed from run A to run B as one page: markup and drawings alone. Pure: equal runs and
 * assets give equal bytes. A comparison of two runs decides nothing, and the page says so.
 */
export function renderDiffPage(
  runs: { readonly a: DiffSide; readonly b: DiffSide; readonly diff: RunDiff },
  assets: ReportAssets,
): string {
  const { a, b, diff } = runs;
  const sides = { a: byId(a), b: byId(b) };
  const yes = (is: boolean): string => (is ? "yes" : "no");
  const tables = (["worse", "better", "new", "gone", "unchanged"] as const).map((change) =>
    claimTable(
      change,
      diff.claims.filter((row) => row.change === change),
      sides,
    ),
  );
  const loosened = diff.loosened.map(
    ({ claim, what, from, to }) =>
      `${verbatim(claim)} ${escapeHtml(what)} ${figure(from)} -&gt; ${figure(to)}`,
  );
  const checks = diff.changedChecks.map(
    ({ check, from, to }) => `${verbatim(check)} ${verbatim(from)} -&gt; ${verbatim(to)}`,
  );
  const settings = diff.settings.map(
    ({ path, from, to }) => `${verbatim(path)} ${verbatim(from)} -&gt; ${verbatim(to)}`,
  );
  const builds = diff.identity.map(
    ({ target, fact, from, to }) =>
      `${verbatim(target)} ${escapeHtml(fact)} ${verbatim(from)} -&gt; ${verbatim(to ?? "not told")}`,
  );
  const [worse = "", ...others] = tables;
  const body = `<main class="static compare">
<h1>Two runs, claim by claim</h1>
${runLine("A", a)}
${runLine("B", b)}
<p>same plan: ${yes(diff.samePlan)} (${figure(diff.loosened.length)} loosened); target: ${yes(diff.sameTarget)}; machine: ${yes(diff.sameMachine)}</p>
${worse}
${bullets("Builds", builds)}
${bullets("Loosened", loosened)}
${bullets("Changed checks", checks)}
${bullets("Configuration", settings)}
${others.join("\n")}
<p>Figures of two runs are shown, not judged: their difference may be noise. A line joins two runs only while statement, limit, check and target are the same.</p>
</main>`;
  return plainDocumentOf({ title: `${diff.a} and ${diff.b} - Loadline`, body, assets });
}

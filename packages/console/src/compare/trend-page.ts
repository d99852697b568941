import type { ClaimVerdict, DiffSide, TrendPoint, TrendRow } from "@loadline/contract";
import { formatMinute } from "../model/format.ts";
import { outcomeMarks } from "../model/mark-shapes.ts";
import { escapeHtml } from "../report/escape.ts";
import { plainDocumentOf, type ReportAssets } from "../report/template.ts";
import { figure, sideCell, verbatim } from "./diff-page.ts";
import { markSvg } from "../report/mark-svg.ts";
import { seriesSvg } from "./series.ts";

/** Claims that are shown; the rest is counted. */
const claimsMax = 500;

type ByRun = ReadonlyMap<string, ReadonlyMap<string, ClaimVerdict>>;

function markStrip(points: readonly TrendPoint[]): string {
  const marks = points.map(({ side, breaks }) => {
    const cut = breaks.length > 0 ? "| " : "";
    return side === null ? `${cut}-` : `${cut}${markSvg(side.verdict, side.disposition)}`;
  });
  return `<span aria-hidden="true">${marks.join(" ")}</span>`;
}

function pointRow({ run, at, side, breaks }: TrendPoint): string {
  const why = breaks.length === 0 ? "" : `not joined: ${escapeHtml(breaks.join(", "))}`;
  const cells = [
    `<time>${escapeHtml(formatMinute(at))}</time>`,
    verbatim(run),
    sideCell(side),
    why,
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function claimSection({ claim, points }: TrendRow, byRun: ByRun): string {
  const chart = seriesSvg(
    points.map(({ run, breaks }) => ({
      claim: byRun.get(run)?.get(claim) ?? null,
      isBroken: breaks.length > 0,
    })),
    `${claim}: oldest run first`,
  );
  const newest = points.at(-1)?.side ?? null;
  const head = ["time", "run", "verdict", "line"].map((name) => `<th scope="col">${name}</th>`);
  return `<section><h3>${verbatim(claim)}</h3>
<p>${markStrip(points)} newest: ${sideCell(newest)}</p>
${chart === "" ? "" : `<figure class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(claim)}, chart">${chart}</figure>`}
<details><summary>table</summary><div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(claim)}, runs"><table><thead><tr>${head.join("")}</tr></thead>
<tbody>${points.map(pointRow).join("\n")}</tbody></table></div></details></section>`;
}

/**
 * Each claim over the given runs, oldest first, as one page: markup and drawings alone. Runs of
 * different hours decide nothing; a gap stays a gap, a cut says why.
 */
export function renderTrendPage(
  trend: { readonly runs: readonly DiffSide[]; readonly rows: readonly TrendRow[] },
  assets: ReportAssets,
): string {
  const byRun: ByRun = new Map(
    trend.runs.map(({ verdict }) => [
      verdict.run,
      new Map(verdict.claims.map((claim) => [claim.id, claim])),
    ]),
  );
  const shown = trend.rows.slice(0, claimsMax);
  const rest = trend.rows.length - shown.length;
  const runs = trend.runs.map(
    ({ verdict: { run, outcome, startedAt } }) =>
      `<li><time>${escapeHtml(formatMinute(startedAt))}</time> ${verbatim(run)} ${markSvg(outcomeMarks[outcome])} <b>${outcome}</b></li>`,
  );
  const body = `<main class="static compare">
<h1>${figure(trend.runs.length)} runs, claim by claim</h1>
<ul>${runs.join("\n")}</ul>
<h2>Claims ${figure(trend.rows.length)}</h2>
${shown.map((row) => claimSection(row, byRun)).join("\n")}
${rest === 0 ? "" : `<p>${figure(rest)} more are not shown</p>`}
<p>Runs of different hours are shown, not judged. Bars reach from bound to bound, the point is the figure, the line the limit; an empty place is a run without evidence, a dashed line a cut.</p>
</main>`;
  return plainDocumentOf({ title: `${trend.runs.length} runs - Loadline`, body, assets });
}

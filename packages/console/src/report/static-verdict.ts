import {
  type ClaimVerdict,
  type Figure,
  formatDecided,
  type ReportModel,
} from "@loadline/contract/browser";
import { firstScreenOf, type FirstScreen, interruptedWords } from "../model/first-screen.ts";
import { formatFigure, formatInterval, formatMinute } from "../model/format.ts";
import { markSvg } from "./mark-svg.ts";
import { outcomeMarks } from "../model/mark-shapes.ts";
import { escapeHtml } from "./escape.ts";

const verbatim = (text: string): string => `<bdi>${escapeHtml(text)}</bdi>`;
const figure = (value: Figure | null): string => `<data>${escapeHtml(formatFigure(value))}</data>`;

function stopper(claim: ClaimVerdict): string {
  const seen =
    claim.observed === null && claim.interval === null
      ? "no evidence"
      : `<data>${escapeHtml(formatDecided(claim))}</data>, bound <data>${escapeHtml(
          formatInterval(claim.interval),
        )}</data>`;
  const n: Figure = { value: claim.n, unit: "", provenance: "derived", refs: [] };
  return `<li>${markSvg(claim.verdict)} <b>${claim.verdict}</b> ${verbatim(claim.id)}: ${verbatim(
    claim.statement,
  )}; ${seen}; n ${figure(n)}; ${claim.reason ?? "no reason"}. ${verbatim(claim.sentence)}</li>`;
}

/** A proven claim with the figures that prove it. */
function proof(claim: ClaimVerdict): string {
  const why =
    claim.kind === "predicate"
      ? verbatim(claim.sentence)
      : `bound <data>${escapeHtml(formatInterval(claim.interval))}</data>, limit ${figure(claim.limit)}`;
  return `<li>${markSvg(claim.verdict)} ${verbatim(claim.id)}: ${verbatim(
    claim.statement,
  )}; <data>${escapeHtml(formatDecided(claim))}</data>; ${why}</li>`;
}

const list = (rows: readonly string[], empty: string): string =>
  rows.length === 0 ? `<p>${empty}</p>` : `<ul>${rows.join("\n")}</ul>`;

function untested(screen: FirstScreen["untested"]): string {
  const reasons = screen.reasons.map(({ reason, n }) => `${figure(n)} ${escapeHtml(reason)}`);
  const because = reasons.length === 0 ? "" : `: ${reasons.join(", ")}`;
  return `<p>${figure(screen.claims)} claims, ${figure(screen.parts)} parts${because}</p>`;
}

/**
 * Screen 1 as plain markup: legible without the script, replaced by the page when it runs. Every
 * number stands in `<data>` or `<time>`, every verbatim text in `<bdi>` or `<code>`.
 */
export function staticVerdict(model: ReportModel): string {
  const { verdict, origin } = model;
  const screen = firstScreenOf(model);
  const counts = screen.counts.map(
    ({ word, verdict: own, n }) => `<li>${own ? markSvg(own) : ""} ${figure(n)} ${word}</li>`,
  );
  return `<main class="static">
<p>${verbatim(verdict.target)} profile ${verbatim(verdict.profile)} <time>${escapeHtml(
    formatMinute(verdict.startedAt),
  )}</time> ${figure(screen.duration)}</p>
<h1>${markSvg(outcomeMarks[verdict.outcome])} ${verdict.outcome}</h1>
<p>${verbatim(verdict.sentence)}</p>
${screen.isInterrupted ? `<p class="notice notice-note">${interruptedWords}</p>\n` : ""}<ul class="static-counts">${counts.join("")}<li>decided ${figure(screen.decided)} of ${figure(
    screen.required,
  )}</li></ul>
<h2>Stops READY</h2>
${list(
  [...screen.stoppers.map(stopper), ...screen.unmet.map((text) => `<li>${verbatim(text)}</li>`)],
  "Nothing: every required claim is passed or validly waived.",
)}
<h2>Proven</h2>
${list(screen.proven.map(proof), "Nothing is proven.")}
<h2>Not tested</h2>
${untested(screen.untested)}
<h2>Would prove it</h2>
${list(
  screen.toProve.map(({ id, text }) => `<li>${verbatim(id)}: ${verbatim(text)}</li>`),
  "Nothing is open.",
)}
<h2>Reproduce</h2>
<p><code>${escapeHtml(screen.reproduce)}</code></p>
<h2>Does not prove</h2>
${list(
  verdict.limits.map((limit) => `<li>${verbatim(limit)}</li>`),
  "No limits were recorded.",
)}
<h2>Bundle</h2>
<p><code>${escapeHtml(verdict.chainHead)}</code> ${verbatim(origin)}</p>
<p>Check it: <code>${escapeHtml(screen.verify)}</code></p>
<noscript><p>This page shows more where scripts may run: claims, charts and evidence.</p></noscript>
</main>`;
}

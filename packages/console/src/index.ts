/**
 * The self-contained HTML report of a run.
 *
 * ```ts
 * const report = htmlReporter(await loadReportAssets());
 * await writeFile(report.file, report.render(model));
 * ```
 */
export { renderDiffPage } from "./compare/diff-page.ts";
export { renderTrendPage } from "./compare/trend-page.ts";
export { ConsoleError, consoleErrorTable } from "./errors.ts";
export { loadReportAssets } from "./report/assets.ts";
export { htmlReporter, renderReport } from "./report/main.ts";
export type { HtmlReporter } from "./report/main.ts";
export type { ReportAssets } from "./report/template.ts";

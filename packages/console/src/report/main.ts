import type { ReportModel } from "@loadline/contract";
import { embedModel } from "./embed.ts";
import { capModel } from "./limits.ts";
import { staticVerdict } from "./static-verdict.ts";
import { documentOf, policyOf, type ReportAssets } from "./template.ts";

/** The whole report as one HTML document. Pure: equal model and assets give equal bytes. */
export function renderReport(model: ReportModel, assets: ReportAssets): string {
  const capped = capModel(model);
  return documentOf({
    title: `${capped.model.verdict.outcome} ${capped.model.verdict.target} - Loadline`,
    body: staticVerdict(capped.model),
    data: embedModel(capped),
    assets,
  });
}

/** Shaped as the validator's `Reporter`. */
export interface HtmlReporter {
  readonly id: "html";
  readonly file: "report.html";
  render(model: ReportModel): string;
  /** Whether a report carries this build's page, by the digests in its policy. */
  isOwn(text: string): boolean;
}

/** The reporter that writes `report.html`, bound to a built page bundle. */
export function htmlReporter(assets: ReportAssets): HtmlReporter {
  return {
    id: "html",
    file: "report.html",
    render: (model) => renderReport(model, assets),
    isOwn: (text) => text.includes(policyOf(assets)),
  };
}

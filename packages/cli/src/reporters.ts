import { htmlReporter, loadReportAssets } from "@loadline/console";
import { jsonReporter, junitReporter, markdownReporter } from "@loadline/validator";
import type { Reporter } from "@loadline/validator";
import { findReportAssets } from "./assets.ts";

/** Formats of `report --format`, by the name the user types. */
export const formats = ["html", "md", "json", "junit"] as const;
export type Format = (typeof formats)[number];

export function isFormat(text: string): text is Format {
  return formats.some((format) => format === text);
}

/** The reporters of the given formats. Throws `LL_CONSOLE_ASSETS` when the page was not built. */
export async function loadReporters(wanted: readonly Format[] = formats): Promise<Reporter[]> {
  const loaded: Reporter[] = [];
  for (const format of new Set(wanted)) loaded.push(await loadReporter(format));
  return loaded;
}

async function loadReporter(format: Format): Promise<Reporter> {
  if (format === "md") return markdownReporter;
  if (format === "json") return jsonReporter;
  if (format === "junit") return junitReporter;
  return htmlReporter(await loadReportAssets(findReportAssets()));
}

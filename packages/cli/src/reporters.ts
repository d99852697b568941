import { htmlReporter, loadReportAssets } from "@loadline/console";
import { textReporters } from "@loadline/validator";
import type { Reporter } from "@loadline/validator";
import { findReportAssets } from "./assets.ts";

/** Formats of `report --format`, by the name the user types. */
export const formats = ["html", "md", "json", "junit", "sarif", "ctrf", "intoto"] as const;
export type Format = (typeof formats)[number];

export function isFormat(text: string): text is Format {
  return formats.some((format) => format === text);
}

/** The reporters of the given formats. Throws `LL_CONSOLE_ASSETS` when the page was not built. */
export async function loadReporters(wanted: readonly Format[] = formats): Promise<Reporter[]> {
  const loaded: Reporter[] = [];
  for (const format of new Set(wanted)) loaded.push(...(await loadFormat(format)));
  return loaded;
}

/** SARIF is two files: all of it, and the part a code host shows as problems. */
async function loadFormat(format: Format): Promise<readonly Reporter[]> {
  if (format === "html") return [htmlReporter(await loadReportAssets(findReportAssets()))];
  return textReporters.filter(({ id }) => id === format || id.startsWith(`${format}-`));
}

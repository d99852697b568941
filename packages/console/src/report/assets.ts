import { readFile } from "node:fs/promises";
import { ConsoleError } from "../errors.ts";
import type { ReportAssets } from "./template.ts";

const builtIn = new URL("../../dist/", import.meta.url);

/**
 * Reads the built page bundle (`report.js`, `report.css`) from `dir`, by default this package's
 * `dist/`. Throws `LL_CONSOLE_ASSETS` when a file is missing or empty.
 */
export async function loadReportAssets(dir: URL = builtIn): Promise<ReportAssets> {
  try {
    const [script, style] = await Promise.all([
      readFile(new URL("report.js", dir), "utf8"),
      readFile(new URL("report.css", dir), "utf8"),
    ]);
    if (script === "" || style === "") throw new Error("report.js or report.css is empty");
    return { script, style };
  } catch (cause) {
    throw new ConsoleError("LL_CONSOLE_ASSETS", cause);
  }
}

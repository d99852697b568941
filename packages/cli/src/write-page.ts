import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadReportAssets, type ReportAssets } from "@loadline/console";
import { findReportAssets } from "./assets.ts";
import { cliErrors } from "./errors.ts";
import type { VerbContext } from "./verbs/verb.ts";

/** Writes the page of `--html FILE`; without the option nothing. @throws LL_CONSOLE_ASSETS, LL_CLI_VALUE */
export async function writePage(
  { host, args }: Pick<VerbContext, "host" | "args">,
  render: (assets: ReportAssets) => string,
): Promise<void> {
  const file = args.text("html");
  if (file === undefined) return;
  const html = render(await loadReportAssets(findReportAssets()));
  const path = resolve(host.cwd, file);
  try {
    writeFileSync(path, html);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw cliErrors.make("LL_CLI_VALUE", `--html ${file}: ${why}.`, { cause });
  }
  host.stderr.write(`page        ${file}\n`);
}

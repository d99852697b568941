import { resolve } from "node:path";
import { loadReportAssets, type ReportAssets } from "@loadline/console";
import { findReportAssets } from "./assets.ts";
import type { VerbContext } from "./verbs/verb.ts";
import { writeOutput } from "./write-output.ts";

/** Writes the page of `--html FILE`; without the option nothing. @throws LL_CONSOLE_ASSETS, LL_CLI_WRITE */
export async function writePage(
  { host, args }: Pick<VerbContext, "host" | "args">,
  render: (assets: ReportAssets) => string,
): Promise<void> {
  const file = args.text("html");
  if (file === undefined) return;
  const html = render(await loadReportAssets(findReportAssets()));
  writeOutput(resolve(host.cwd, file), html);
  host.stderr.write(`page        ${file}\n`);
}

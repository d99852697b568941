import { buildScorecard } from "@loadline/contract";
import { readBundle, readReportModel } from "@loadline/validator";
import { bundlePath } from "../bundle-path.ts";
import type { ExitCode } from "../process/host.ts";
import { createPaint, isColoured } from "../terminal/colour.ts";
import { scorecardText } from "../terminal/scorecard.ts";
import type { VerbContext } from "./verb.ts";

/** Prints the scorecard of a bundle; reads the bundle only. Always exit 0: a score is no gate. */
export async function runScore({ host, args, json }: VerbContext): Promise<ExitCode> {
  const path = bundlePath(host.cwd, args.positionals[0] ?? "");
  const { verdict } = readReportModel(await readBundle(path));
  const card = buildScorecard(verdict);
  const paint = createPaint(isColoured(host, host.stdout));
  host.stdout.write(json ? `${JSON.stringify(card, null, 2)}\n` : scorecardText(card, paint));
  return 0;
}

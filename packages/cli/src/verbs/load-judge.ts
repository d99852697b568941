import {
  judgeStoredRun,
  type LaterRow,
  readBundle,
  readLaterAsk,
  readStoredRun,
} from "@loadline/validator";
import { isoTime } from "@loadline/kit/clock";
import { checkBundle } from "../bundle-check.ts";
import { bundlePath } from "../bundle-path.ts";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { thresholdsOf } from "./load-job.ts";
import type { VerbContext } from "./verb.ts";

interface Judged extends LaterRow {
  readonly threshold: string;
}

/**
 * `loadline load judge RUN --threshold LIST`: limits that a run's plan did not have, by the edges of
 * its stored histograms. The run stays as it is. Exit 0 where every one passes, 1 where one fails,
 * else 2. @throws LL_CLI_BUNDLE, LL_CLI_VALUE, and what `readLaterAsk` and `judgeStoredRun` throw
 */
export async function judgeRun({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const [, given, extra] = args.positionals;
  if (given === undefined || extra !== undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "judge takes one RUN, and --threshold.");
  }
  const asked = Object.entries(thresholdsOf(args)).flatMap(([selector, specs]) =>
    specs.map(({ threshold }) => readLaterAsk(selector, threshold)),
  );
  if (asked.length === 0) throw cliErrors.make("LL_CLI_ARGUMENT", "judge needs --threshold.");
  const files = await readBundle(bundlePath(host.cwd, given, stateDir));
  const today = isoTime(host.clock).slice(0, 10);
  const { exit } = await checkBundle(files, { signatures: { keys: [] }, today });
  if (exit !== 0) {
    const message = `${given} does not verify, so it decides nothing: loadline verify says why.`;
    throw cliErrors.make("LL_CLI_VALUE", message);
  }
  const run = readStoredRun(files);
  const rows = asked.flatMap((ask): Judged[] =>
    judgeStoredRun(run, files, ask).map((row) => ({ threshold: ask.text, ...row })),
  );
  if (rows.length === 0) host.stderr.write(`${given} sent no load: nothing of it is tested.\n`);
  const lines = rows.map((row) => `  ${rowText(row)}\n`).join("");
  host.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : lines);
  if (rows.some(({ verdict }) => verdict === "failed")) return 1;
  const isWhole = rows.length > 0 && rows.every(({ verdict }) => verdict === "passed");
  return isWhole ? 0 : 2;
}

function rowText({
  scenario,
  threshold,
  n,
  sure,
  possible,
  verdict,
  reason,
  guard,
}: Judged): string {
  const over = sure === possible ? `${sure}` : `${sure} to ${possible}`;
  const why = reason === null ? "" : `(${reason})`;
  const by = guard === undefined ? "" : `; ${guard} takes it back`;
  const what = cleanText(`${threshold}, ${scenario}: ${over} of ${n} over it${by}`);
  return `${`${verdict}${why}`.padEnd(26)}${what}`;
}

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  type DiffSide,
  trendRuns,
  type TrendPoint,
  type TrendRow,
  type Verdict,
} from "@loadline/contract";
import { renderTrendPage } from "@loadline/console";
import { isFolder, runNames } from "../bundle-path.ts";
import { cliErrors } from "../errors.ts";
import { readSide } from "../read-side.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText, clip } from "../terminal/clean-text.ts";
import { writePage } from "../write-page.ts";
import { sideText } from "./diff.ts";
import type { VerbContext } from "./verb.ts";

const runsMax = 200;
const runsShown = 20;
const marks: Readonly<Record<Verdict, string>> = {
  passed: "+",
  failed: "x",
  error: "!",
  inconclusive: "?",
  not_tested: "o",
};

/** Prints each claim over the last runs of a folder; exit 0, runs of different hours decide nothing. */
export async function runTrend({ host, args, json }: VerbContext): Promise<ExitCode> {
  const folder = resolve(host.cwd, args.positionals[0] ?? "");
  const last = args.count("last", { min: 1, max: runsMax }) ?? runsShown;
  if (!isFolder(folder)) throw cliErrors.make("LL_CLI_RUNS", `${folder}: no such folder.`);
  const names = runNames(folder).filter((name) => existsSync(join(folder, name, "verdict.json")));
  if (names.length === 0) {
    throw cliErrors.make("LL_CLI_RUNS", `${folder}: no closed run in this folder.`);
  }
  const runs: DiffSide[] = [];
  for (const name of names.slice(-last)) runs.push(await readSide(join(folder, name)));
  const rows = trendRuns(runs);
  await writePage({ host, args }, (assets) => renderTrendPage({ runs, rows }, assets));
  const shown = { runs: runs.map(({ verdict }) => [verdict.run, verdict.outcome]), rows };
  host.stdout.write(json ? `${JSON.stringify(shown, null, 2)}\n` : trendText(runs, rows));
  return 0;
}

/** A bar before a point: the line is cut there, the two runs do not measure the same. */
function pointMark(point: TrendPoint): string {
  const mark = point.side === null ? " " : marks[point.side.verdict];
  return point.breaks.length > 0 ? `|${mark}` : mark;
}

function trendText(runs: readonly DiffSide[], rows: readonly TrendRow[]): string {
  const lines = rows.map(({ claim, points }) => {
    const line = points.map(pointMark).join("");
    const newest = points.at(-1)?.side ?? null;
    return `${clip(cleanText(claim), 30).padEnd(31)}${line.padEnd(runs.length + 2)}${sideText(newest)}`;
  });
  const broken = new Set(rows.flatMap(({ points }) => points.flatMap(({ breaks }) => breaks)));
  const outcomes = runs.map(({ verdict }) => `${cleanText(verdict.run)} ${verdict.outcome}`);
  return [
    runs.length === 1 ? "1 run" : `${runs.length} runs, oldest first`,
    ...outcomes,
    ...lines,
    "+ passed  x failed  ? inconclusive  o not_tested  ! error  blank: no such claim  | not joined",
    ...(broken.size === 0 ? [] : [`not joined because of: ${[...broken].join(", ")}`]),
    "",
  ].join("\n");
}

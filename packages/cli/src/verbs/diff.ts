import {
  changes,
  type ClaimDiff,
  type ClaimSide,
  diffRuns,
  type RunDiff,
} from "@loadline/contract";
import { renderDiffPage } from "@loadline/console";
import { bundlePath } from "../bundle-path.ts";
import { readSide } from "../read-side.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText, clip } from "../terminal/clean-text.ts";
import { writePage } from "../write-page.ts";
import type { VerbContext } from "./verb.ts";

/** Prints what changed from run A to run B; exit 0: a comparison of two runs decides nothing. */
export async function runDiff({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const [a = "", b = ""] = args.positionals;
  const side = (given: string) => readSide(bundlePath(host.cwd, given, stateDir));
  const sides = [await side(a), await side(b)];
  const [first, second] = sides;
  if (first === undefined || second === undefined) return 3;
  const diff = diffRuns(first, second);
  await writePage({ host, args }, (assets) =>
    renderDiffPage({ a: first, b: second, diff }, assets),
  );
  host.stdout.write(json ? `${JSON.stringify(diff, null, 2)}\n` : diffText(diff));
  return 0;
}

/** One claim of one run: verdict, figure and its interval. */
export function sideText(side: ClaimSide | null): string {
  if (side === null) return "-";
  const over = side.disposition === undefined ? "" : `, ${side.disposition}`;
  const reason = side.reason === undefined ? "" : `(${side.reason})`;
  if (side.verdict === "not_tested") return `${side.verdict}${reason}${over}`;
  const figure = side.interval === "" ? side.observed : `${side.observed} ${side.interval}`;
  return `${side.verdict}${reason}${over} ${figure}`;
}

function claimLine(row: ClaimDiff): string[] {
  const name = clip(cleanText(row.claim), 30).padEnd(31);
  const why = row.broken.length === 0 ? "" : `  not joined: ${row.broken.join(", ")}`;
  return [
    `${row.change.padEnd(10)}${name}${sideText(row.a)} -> ${sideText(row.b)}${why}`.trimEnd(),
  ];
}

function diffText(diff: RunDiff): string {
  const yes = (is: boolean): string => (is ? "yes" : "no");
  const of = (change: ClaimDiff["change"]): ClaimDiff[] =>
    diff.claims.filter((row) => row.change === change);
  const shown = changes.filter((change) => change !== "unchanged").flatMap(of);
  const loosened = diff.loosened.map(
    (one) => `loosened  ${cleanText(one.claim)} ${one.what} ${one.from} -> ${one.to}`,
  );
  const checks = diff.changedChecks.map(
    (one) => `changed   check ${cleanText(one.check)}: ${one.from} -> ${one.to}`,
  );
  const settings = diff.settings.map(
    ({ path, from, to }) => `config    ${cleanText(path)} ${cleanText(from)} -> ${cleanText(to)}`,
  );
  const builds = diff.identity.map((one) =>
    cleanText(`target    ${one.target} ${one.fact} ${one.from} -> ${one.to ?? "not told"}`),
  );
  const same = of("unchanged");
  const moved = same.filter((row) => row.a?.observed !== row.b?.observed);
  return [
    `A ${cleanText(diff.a)} ${diff.outcome.a}   B ${cleanText(diff.b)} ${diff.outcome.b}`,
    `same plan: ${yes(diff.samePlan)} (${diff.loosened.length} loosened)  target: ${yes(diff.sameTarget)}  machine: ${yes(diff.sameMachine)}`,
    ...shown.flatMap(claimLine),
    ...builds,
    ...loosened,
    ...checks,
    ...settings,
    ...moved.flatMap(claimLine),
    `unchanged ${same.length} of ${diff.claims.length} verdicts; figures of two runs are shown, not judged (noise)`,
    "",
  ].join("\n");
}

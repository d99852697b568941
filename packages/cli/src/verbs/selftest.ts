import { join, relative } from "node:path";
import { listSelftest, runSelftest } from "@loadline/validator";
import type { SelftestResult, SelftestRow } from "@loadline/validator";
import { buildNamed } from "../built-from.ts";
import { watchInterrupt } from "../process/interrupt.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText, clip } from "../terminal/clean-text.ts";
import { type Colour, createPaint, isColoured, type Paint } from "../terminal/colour.ts";
import { createProgress } from "../terminal/progress.ts";
import { toolVersion } from "../version.ts";
import type { VerbContext } from "./verb.ts";

const marks = {
  caught: ["+", "green"],
  survived: ["x", "red"],
  could_not_run: ["!", "yellow"],
  absent: ["-", "yellow"],
} as const satisfies Record<SelftestRow["state"], readonly [string, Colour]>;

/** Exit 0 all caught, 1 a survivor, 2 a saboteur could not run, 130 interrupted. */
export async function runSelftestVerb({
  host,
  args,
  stateDir,
  json,
}: VerbContext): Promise<ExitCode> {
  const only = args.text("only");
  if (args.has("list")) {
    const rows = listSelftest(only);
    const lines = rows.map(({ id, caught }) => `${id.padEnd(36)}${caught}\n`).join("");
    host.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : lines);
    return 0;
  }
  using interrupt = watchInterrupt(host, "stopping; what was seen is kept (again: stop at once)");
  const progress = createProgress(host, "loadline selftest");
  const tested = await runSelftest(
    {
      clock: host.clock,
      random: host.random,
      runsDir: join(stateDir, "selftest"),
      toolVersion,
      ...buildNamed(),
      reporters: [],
      onProgress: progress.update,
      signal: interrupt.signal,
    },
    only === undefined ? {} : { only },
  );
  progress.end();
  const { exitCode } = tested.result;
  if (json) {
    host.stdout.write(`${JSON.stringify(documentOf(tested), null, 2)}\n`);
    return exitCode;
  }
  const paint = createPaint(isColoured(host, host.stdout));
  for (const row of tested.rows) host.stdout.write(rowText(row, paint));
  const runDir = relative(host.cwd, tested.result.runDir);
  const absent = tested.rows.length - tested.declared;
  const aside = absent > 0 ? `; ${absent} not in this build, not tested` : "";
  host.stdout.write(
    `mutation score ${tested.caught}/${tested.declared}${aside}\n` +
      `bundle ${runDir}\nchain head ${tested.result.verdict.chainHead}\n`,
  );
  return exitCode;
}

function rowText(row: SelftestRow, paint: Paint): string {
  const [mark, colour] = marks[row.state];
  const head = `${paint(colour, mark)} ${row.id.padEnd(34)} ${row.caught.padEnd(24)}`;
  if (row.state === "caught") return `${head} ${clip(cleanText(row.summary), 72)}\n`;
  return `${head} ${row.state.replaceAll("_", " ")}: ${clip(cleanText(row.seen), 200)}\n`;
}

function documentOf({ rows, declared, caught, result }: SelftestResult): object {
  const { run, runDir, exitCode, verdict } = result;
  const { chainHead, planDigest } = verdict;
  const score = { declared, caught };
  return {
    schema: "loadline-selftest/v1",
    run,
    runDir,
    exitCode,
    score,
    chainHead,
    planDigest,
    rows,
  };
}

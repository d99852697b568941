import {
  budgetOf,
  type BudgetPoint,
  type BudgetState,
  countsOf,
  isHalfTold,
  readSamples,
  type Slo,
  type SloDocument,
} from "@loadline/contract";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { readNamedFile } from "./read-named-file.ts";
import { readMetricsPage } from "./slo.ts";
import type { VerbContext } from "./verb.ts";

/** A metrics page with its time. */
interface Page {
  readonly atMs: number;
  readonly text: string;
}

const pagesMax = 10_000;

/** 0: each budget has something left; 1: one is exhausted; 2: one cannot be told. */
export function runBudget(context: VerbContext, document: SloDocument): ExitCode {
  const { host, json } = context;
  const pages = readPages(context).map(({ atMs, text }) => ({ atMs, samples: readSamples(text) }));
  const pointsOf = ({ sli }: Slo): BudgetPoint[] =>
    pages.flatMap(({ atMs, samples }) => {
      const counts = countsOf(sli, samples);
      return counts === null ? [] : [{ atMs, ...counts }];
    });
  const nowMs = pages.at(-1)?.atMs ?? host.clock.wallMs();
  const budgets = document.slos.map((slo) => {
    const inPeriod = pages.filter(({ atMs }) => atMs >= nowMs - slo.windowMs);
    const untold = inPeriod.find(({ samples }) => isHalfTold(slo.sli, samples));
    if (untold === undefined) return budgetOf(slo, pointsOf(slo), nowMs);
    // What failed before its series was there is in no growth.
    const at = new Date(untold.atMs).toISOString();
    return { ...budgetOf(slo, [], nowMs), text: `at ${at} events are counted, failures are not` };
  });
  const text = budgets.map(
    (one) => `${words[one.state].padEnd(14)}${cleanText(`${one.id}: ${one.text}`)}\n`,
  );
  host.stdout.write(json ? `${JSON.stringify({ budgets })}\n` : text.join(""));
  if (budgets.some(({ state }) => state === "exhausted")) return 1;
  const isTold = budgets.length > 0 && budgets.every(({ state }) => state === "left");
  return isTold ? 0 : 2;
}

const words: Readonly<Record<BudgetState["state"], string>> = {
  left: "left",
  exhausted: "EXHAUSTED",
  not_enough_history: "not told",
  no_data: "not tested",
};

/** Pages from `--history`, or the counters of one page since its process started. */
function readPages({ host, args }: VerbContext): readonly Page[] {
  const [history, metrics] = [args.text("history"), args.text("metrics")];
  if (history !== undefined) return readHistory(host.cwd, history);
  if (metrics === undefined) {
    throw cliErrors.make(
      "LL_CLI_ARGUMENT",
      "--metrics FILE or --history FILE says what was counted.",
    );
  }
  const text = readMetricsPage(host.cwd, metrics);
  const started = readSamples(text).find(({ name }) => name === "process_start_time_seconds");
  if (started === undefined) return [{ atMs: host.clock.wallMs(), text }];
  // A counter begins at 0 with its process.
  const zero = text.replaceAll(/^([^#\n].*?) \S+(?: \S+)?$/gm, "$1 0");
  return [
    { atMs: started.value * 1000, text: zero },
    { atMs: host.clock.wallMs(), text },
  ];
}

/** Lines such as `{"at": "2026-04-12T00:00:00Z", "page": "calls_total 7\\n"}`, rising in time. */
function readHistory(cwd: string, file: string): readonly Page[] {
  const lines = readNamedFile(cwd, file).split("\n");
  const pages: Page[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const page = parsePage(line);
    const last = pages.at(-1);
    if (
      page === null ||
      (last !== undefined && page.atMs <= last.atMs) ||
      pages.length >= pagesMax
    ) {
      const wanted = 'expected {"at": TIME, "page": TEXT}, later than the line before';
      throw cliErrors.make("LL_CLI_HISTORY", `${file}:${index + 1}: ${wanted}.`);
    }
    pages.push(page);
  }
  return pages;
}

function parsePage(line: string): Page | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
  if (typeof value !== "object" || value === null || !("at" in value) || !("page" in value))
    return null;
  const atMs = Date.parse(String(value.at));
  return Number.isNaN(atMs) || typeof value.page !== "string" ? null : { atMs, text: value.page };
}

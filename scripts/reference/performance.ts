import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Goal, SavedResult } from "../../bench/result.ts";
import { page, table } from "./markdown.ts";

const intro =
  "What the gateway, the load engine and the proof cost beside others, measured in one interleaved run " +
  "each: what is measured alone on its core or thread, peers and targets elsewhere, warm before " +
  "anything counts, the order of the rounds turned, medians. Only ratios can be compared between " +
  "machines. The gateway's relay is Node's `http` server with undici's `dispatch`, which passes bytes " +
  "on and does nothing else.\n\n" +
  "Measure it yourself: `node bench/gateway/run.ts`, `node bench/load/run.ts`, " +
  "`node bench/contract/run.ts`; with `--save` the result is kept and `npm run docs` writes this page " +
  "from it. After `npm run build`, `node bench/gateway/memory.ts` says what the built command keeps " +
  "resident. `--peers FILE.json` adds any gateway by its command, environment, readiness and headers.";

const peersNote =
  "Portkey parses and writes every body again and holds no keys, limits or usage here. LiteLLM " +
  "writes every answer again from its own objects; one worker, without a database. Ours checks a key, " +
  "holds five limits, meters, and writes an access log.";

/** Goals beside what was found are in the result; a row without a figure says so. */
const shown = (value: unknown): string =>
  typeof value === "number" || typeof value === "string" ? String(value) : "not measured";

function section(result: SavedResult): string {
  const { bench, rows, day, machine } = result;
  const heads = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const parts = [
    `## ${bench}`,
    `${day}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.`,
    table(
      heads,
      rows.map((row) => heads.map((head) => shown(row[head]))),
    ),
  ];
  if (result.goals) parts.push(goalTable(result.goals, rows));
  return parts.join("\n\n");
}

/** Each goal beside what was found; what was not found is not reached. */
export function goalTable(goals: readonly Goal[], rows: SavedResult["rows"]): string {
  const heads = ["goal of", "figure", "goal", "found", "reached"];
  const lines = goals.map(({ row, figure, atLeast, atMost }) => {
    const found = rows.find((one) => Object.values(one)[0] === row)?.[figure];
    const isKnown = typeof found === "number";
    const isReached =
      isKnown && found >= (atLeast ?? Number.NEGATIVE_INFINITY) && found <= (atMost ?? found);
    const goal = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
    return [
      String(row),
      figure,
      goal,
      shown(found),
      isKnown ? (isReached ? "yes" : "no") : "not measured",
    ];
  });
  return table(heads, lines);
}

/** The page of the results that are kept below `bench/results`. */
export function performancePage(root: string): string {
  const folder = join(root, "bench/results");
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const results = names
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as SavedResult);
  return page("Performance", intro, peersNote, ...results.map(section));
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { round } from "../../bench/figures.ts";
import type { Goal, SavedResult } from "../../bench/result.ts";
import { page, table } from "./markdown.ts";

const intro =
  "What the gateway, the load engine and the proof cost beside others, measured in one interleaved run " +
  "each: what is measured alone on its core or thread, peers and targets elsewhere, warm before " +
  "anything counts, the order of the rounds turned, medians. Only ratios can be compared between " +
  "machines. The gateway's relay is Node's `http` server with undici's `dispatch`, which passes bytes " +
  "on and does nothing else; the pipe of bytes reads nothing of them, which is the least that any process " +
  "of Node between two sockets costs.\n\n" +
  "Measure it yourself: `node bench/gateway/run.ts`, `node bench/load/run.ts`, " +
  "`node bench/contract/run.ts`; with `--save` the result is kept and `npm run docs` writes this page " +
  "from it. `node bench/gateway/latency.ts`, `streams.ts 1000` and `workers.ts` beside it tell of time " +
  "that is added, of many streams and of two workers; `node bench/load/scale.ts` of what the load engine " +
  "holds at once and for long, `node bench/load/compare.ts` of how often a comparison of two targets " +
  "errs. After `npm run build`, " +
  "`node bench/gateway/memory.ts` says what the built command keeps resident. `--peers FILE.json` adds " +
  "any gateway by its command, environment, readiness and headers.";

const peersNote =
  "Portkey parses and writes every body again and holds no keys, limits or usage here. LiteLLM " +
  "writes every answer again from its own objects; one worker, without a database. Ours checks a key, " +
  "holds five limits, meters, and writes an access log.";

/** Goals beside what was found are in the result; a row without a figure says so. */
const shown = (value: unknown): string =>
  typeof value === "number" || typeof value === "string" ? String(value) : "not measured";

/** Which profile shows where the time of a bench goes: its own kind of work, by the bench's name. */
const profiles: readonly (readonly [RegExp, string])[] = [
  [/^gateway-streams-\d+$/, "gateway-streams-profile"],
  [/^gateway-(cpu|latency|ladder|workers)$/, "gateway-profile"],
];
/** The row of what stands between two sockets and does nothing: no gateway of Node can do better. */
const floorRow = "pipe of bytes";
/** Areas that are named; the profile's own rows name the rest. */
const namedAreas = 5;

function section(result: SavedResult, all: readonly SavedResult[]): string {
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
  if (result.goals) parts.push(goalTable(result.goals, rows), ...missed(result, all));
  return parts.join("\n\n");
}

/** A goal with what was found of it. */
interface Judged {
  readonly goal: Goal;
  readonly found: unknown;
  readonly reached: "yes" | "no" | "not measured";
}

function judge(goal: Goal, rows: SavedResult["rows"]): Judged {
  const found = rows.find((one) => Object.values(one)[0] === goal.row)?.[goal.figure];
  if (typeof found !== "number") return { goal, found, reached: "not measured" };
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = found } = goal;
  return { goal, found, reached: found >= atLeast && found <= atMost ? "yes" : "no" };
}

const boundOf = ({ atLeast, atMost }: Goal): string =>
  atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;

/** Each goal beside what was found; what was not found is not reached. */
export function goalTable(goals: readonly Goal[], rows: SavedResult["rows"]): string {
  const heads = ["goal of", "figure", "goal", "found", "reached"];
  const lines = goals.map((one) => {
    const { goal, found, reached } = judge(one, rows);
    return [String(goal.row), goal.figure, boundOf(goal), shown(found), reached];
  });
  return table(heads, lines);
}

/** A sentence for each goal that was missed, with the profile that shows why. */
export function missed(result: SavedResult, all: readonly SavedResult[]): string[] {
  const name = profiles.find(([pattern]) => pattern.test(result.bench))?.[1];
  const profile = all.find(({ bench }) => bench === name);
  const why = profile ? `see [${profile.bench}](#${profile.bench})` : "no profile of it is kept";
  const lines = (result.goals ?? [])
    .map((goal) => judge(goal, result.rows))
    .filter(({ reached }) => reached === "no")
    .map(({ goal, found }) => {
      const { figure, row } = goal;
      const floor = floorOf(goal, result.rows);
      const least = floor === undefined ? "" : `, a ${floorRow} alone ${floor}`;
      return `- Not reached: ${figure} of ${row} is ${shown(found)}, its goal ${boundOf(goal)}${least}; ${why}.`;
    });
  if (lines.length === 0) return [];
  return profile ? [lines.join("\n"), whereOf(profile)] : [lines.join("\n")];
}

/** The same figure of the pipe under the same load; what it is times a peer follows from both ratios. */
function floorOf({ row, figure }: Goal, rows: SavedResult["rows"]): number | undefined {
  const named = (name: string) => rows.find((one) => Object.values(one)[0] === name);
  const load = /^gateway( at .+)$/.exec(String(row))?.[1] ?? "";
  const floor = named(`${floorRow}${load}`);
  if (floor === undefined) return undefined;
  if (figure !== "timesGateway") return numberOf(floor[figure]);
  const times = Number(floor["ratio"]) / Number(named(String(row))?.["ratio"]);
  return Number.isFinite(times) ? round(times) : undefined;
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" ? value : undefined;

/** Where the time of a profile goes: its largest areas, each beside the relay's share. */
function whereOf({ rows }: SavedResult): string {
  const areas = rows
    .toSorted((a, b) => Number(b["gatewayPercent"]) - Number(a["gatewayPercent"]))
    .slice(0, namedAreas)
    .map(
      ({ area, gatewayPercent, relayPercent }) =>
        `${shown(area)} ${shown(gatewayPercent)} % (relay ${shown(relayPercent)} %)`,
    );
  return `There the gateway, on its own front and with all limits in its process, spends most on: ${areas.join("; ")}.`;
}

/** The page of the results that are kept below `bench/results`. */
export function performancePage(root: string): string {
  const folder = join(root, "bench/results");
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  const results = names
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as SavedResult);
  return page("Performance", intro, peersNote, ...results.map((one) => section(one, results)));
}

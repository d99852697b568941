/**
 * CPU per request of the load engine, as ratios to wrk and to undici's dispatch in one run:
 * interleaved rounds, medians, one server in a thread of its own. `npm run bench -- load`.
 * Without wrk that ratio is NOT TESTED.
 */
import { startStallServer } from "../../packages/testkit/src/stall-server/index.ts";
import { connections, loadline, loadlineFull, type Side, undiciDispatch } from "./sides.ts";
import { wrkCost } from "./wrk.ts";

const rounds = Number(process.argv[2] ?? 5);
const durationMs = 2000;
/** Highest allowed ratio to wrk: a bare GET, and with a check and three claims. */
const ratioMax = { bare: 1.35, full: 1.6 };

/** us of this thread per answered request; the server's thread is not in it. */
const costOf =
  (side: Side) =>
  async (url: string): Promise<number | null> => {
    const before = process.threadCpuUsage();
    const answered = await side(url, durationMs);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / Math.max(1, answered);
  };

const sides = {
  loadline: costOf(loadline),
  loadlineFull: costOf(loadlineFull),
  undiciDispatch: costOf(undiciDispatch),
  wrk: (url: string) => wrkCost(url, durationMs),
};
type Name = keyof typeof sides;
const names = ["loadline", "wrk", "loadlineFull", "undiciDispatch"] as const;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
const costs: Record<Name, number[]> = {
  loadline: [],
  loadlineFull: [],
  undiciDispatch: [],
  wrk: [],
};
// Cold code costs several times more: one round each is thrown away.
for (const name of names) await sides[name](server.url);
for (let round = 0; round < rounds; round++) {
  for (const name of names) {
    const cost = await sides[name](server.url);
    if (cost !== null) costs[name].push(cost);
  }
}
const ratio = (side: Name, to: Name): number | "NOT TESTED" =>
  costs[to].length === 0
    ? "NOT TESTED"
    : Math.round((median(costs[side]) / median(costs[to])) * 1000) / 1000;
const result = {
  bench: "load",
  connections,
  rounds,
  ratioToWrk: ratio("loadline", "wrk"),
  ratioFullToWrk: ratio("loadlineFull", "wrk"),
  ratioMax,
  ratioToUndiciDispatch: ratio("loadline", "undiciDispatch"),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
if (process.argv.includes("--figures")) process.stdout.write(`${JSON.stringify(costs)}\n`);
const isOver = (value: number | "NOT TESTED", max: number): boolean =>
  value !== "NOT TESTED" && value > max;
if (isOver(result.ratioToWrk, ratioMax.bare) || isOver(result.ratioFullToWrk, ratioMax.full)) {
  process.exitCode = 1;
}

/**
 * Costs of the load engine as ratios to other generators in one run: interleaved rounds, medians,
 * targets in threads or processes of their own. `node bench/load/run.ts [rounds]`. A leg whose generator is
 * not there is NOT TESTED, printed, never green. `--floor`: only what has a gate and no other purpose,
 * and a gate is broken where its rounds leave no doubt of it.
 */
import {
  firstChunkTimes,
  rankValue,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { startStallServer } from "../../packages/testkit/src/stall-server/index.ts";
import { type Goal, numbersGiven, tell } from "../result.ts";
import { median, round } from "../figures.ts";
import { holds } from "./floor.ts";
import { k6Cost } from "./k6.ts";
import { connections } from "./plans.ts";
import { type Lag, lagOf, sendersCost } from "./senders.ts";
import { loadline, loadlineFull, scripted, type Side, undiciDispatch } from "./sides.ts";
import {
  chunksPerStream,
  dispatchStreams,
  fetchStreams,
  loadlineStreams,
  type StreamSide,
} from "./sse.ts";
import { startTlsServer } from "./tls.ts";
import { wrkCost } from "./wrk.ts";

const [rounds = 5] = numbersGiven(process.argv);
const durationMs = process.argv.includes("--brief") ? 1000 : 2000;
const firstTokenMs = 10;
const gapMs = 10;
/** Length of one stream. */
const streamMs = firstTokenMs + chunksPerStream * gapMs;
/** Arrivals per second: those that send lag is told of, and those given to one sender or to two. */
const lagRate = 5000;
const splitRate = 4000;

const isFloor = process.argv.includes("--floor");

/** One value a round. */
type Figure = readonly number[] | "NOT TESTED";

/** Highest figures that are let through. */
const gates: Readonly<Record<string, number>> = {
  bareToWrk: 1.35,
  fullToWrk: 1.6,
  stepsToWrk: 1.8,
  asyncToWrk: 2,
  tlsToWrk: 1.5,
  sseToDispatch: 1,
  ttftOverTruthMs: 4,
  twoWorkersToOne: 1.15,
  stepsToK6: 0.2,
  lagP50Ms: 0.2,
};

/** What each is wanted to come down to. */
const goals: readonly Goal[] = Object.entries({
  bareToWrk: 1.2,
  fullToWrk: 1.4,
  asyncToWrk: 1.5,
  stepsToK6: 0.2,
  sseToFetch: 0.5,
  lagP50Ms: 0.2,
}).map(([row, atMost]) => ({ row, figure: "value", atMost }));

/** us of this thread per answered request; the server's thread is not in it. */
const costOf =
  (side: Side) =>
  async (url: string): Promise<number | null> => {
    const before = process.threadCpuUsage();
    const answered = await side(url, durationMs);
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / Math.max(1, answered);
  };

type Costs = ReadonlyMap<string, readonly number[]>;
/** Gates that a floor leaves out, and the legs that it then has no use for. */
const offFloor: ReadonlySet<string> = new Set(["stepsToK6", "lagP50Ms"]);
const beside: ReadonlySet<string> = new Set(["undici", "k6", "fetch", "whole", "split", "fast"]);
type Legs = Readonly<Record<string, () => Promise<number | null>>>;

/**
 * Medians over interleaved rounds; a leg that gave null is left out. Each round begins with another
 * leg: what one leaves behind, in caches or in a processor's clock, is not always paid by the same
 * next one. Cold code costs several times more: one round is thrown away, unless every run of a leg
 * starts with threads of its own.
 */
async function measure(legs: Legs, o: { cold?: boolean } = {}): Promise<Costs> {
  const costs = new Map<string, number[]>();
  const all = Object.entries(legs).filter(([name]) => !isFloor || !beside.has(name));
  if (o.cold !== true) for (const [, leg] of all) await leg();
  for (let round = 0; round < rounds; round++) {
    const first = round % all.length;
    for (const [name, leg] of [...all.slice(first), ...all.slice(0, first)]) {
      const cost = await leg();
      if (cost !== null) costs.set(name, [...(costs.get(name) ?? []), cost]);
    }
  }
  if (process.argv.includes("--figures")) {
    process.stdout.write(`${JSON.stringify(Object.fromEntries(costs))}\n`);
  }
  return costs;
}

/** Of each round one to the other; a round that had but one of them tells none. */
function ratio(costs: Costs, side: string, to: string): Figure {
  const [ones, others] = [costs.get(side), costs.get(to)];
  if (ones === undefined || others?.length !== ones.length) return "NOT TESTED";
  return ones.map((one, round) => one / (others[round] ?? Number.NaN));
}

const figureOf = (rounds: readonly number[]): Figure =>
  rounds.length === 0 ? "NOT TESTED" : rounds;

async function plainLegs(): Promise<Record<string, Figure>> {
  await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
  const { url } = server;
  const costs = await measure({
    bare: () => costOf(loadline)(url),
    wrk: () => wrkCost(url, durationMs),
    full: () => costOf(loadlineFull)(url),
    steps: () => costOf(scripted("steps"))(url),
    module: () => costOf(scripted("module"))(url),
    undici: () => costOf(undiciDispatch)(url),
    k6: () => k6Cost(url, durationMs),
  });
  return {
    bareToWrk: ratio(costs, "bare", "wrk"),
    fullToWrk: ratio(costs, "full", "wrk"),
    stepsToWrk: ratio(costs, "steps", "wrk"),
    asyncToWrk: ratio(costs, "module", "wrk"),
    bareToDispatch: ratio(costs, "bare", "undici"),
    stepsToK6: ratio(costs, "steps", "k6"),
  };
}

async function tlsLegs(): Promise<Record<string, Figure>> {
  const server = await startTlsServer();
  if (server === null) return { tlsToWrk: "NOT TESTED" };
  await using _held = server;
  const costs = await measure({
    bare: () => costOf(loadline)(server.url),
    wrk: () => wrkCost(server.url, durationMs),
  });
  return { tlsToWrk: ratio(costs, "bare", "wrk") };
}

async function streamLegs(): Promise<Record<string, Figure>> {
  const stream = { chunks: chunksPerStream, gapMs, firstMs: firstTokenMs };
  await using target = await startReferenceTarget({ stream });
  const overTruthMs: number[] = [];
  const once = async (side: StreamSide, ms: number) => {
    await target.reset();
    const before = process.threadCpuUsage();
    const { chunks, ttftP50Ms } = await side(target.url, ms);
    const { user, system } = process.threadCpuUsage(before);
    const truthMs = rankValue(firstChunkTimes(await target.truth()), 0.5);
    return { chunks, us: user + system, overMs: (ttftP50Ms ?? Number.NaN) - truthMs };
  };
  /** Of a chunk once streams run: what a run of one stream each costs is no chunk's. */
  const costPerChunk = (side: StreamSide) => async (): Promise<number> => {
    const short = await once(side, 1);
    const long = await once(side, durationMs + streamMs);
    const chunks = long.chunks - short.chunks;
    if (chunks <= 0) throw new Error("streams that brought no chunks");
    // A run so short may end before its first stream is due: then it has none.
    if (side === loadlineStreams) overTruthMs.push(long.overMs);
    return (long.us - short.us) / chunks;
  };
  const costs = await measure({
    loadline: costPerChunk(loadlineStreams),
    dispatch: costPerChunk(dispatchStreams),
    fetch: costPerChunk(fetchStreams),
  });
  return {
    sseToDispatch: ratio(costs, "loadline", "dispatch"),
    sseToFetch: ratio(costs, "loadline", "fetch"),
    // Without the round that is thrown away.
    ttftOverTruthMs: overTruthMs.slice(1),
  };
}

async function senderLegs(): Promise<Record<string, Figure>> {
  await using target = await startReferenceTarget({});
  const lags: Lag[] = [];
  const cost = (o: { workers: number; rate?: number }) => (): Promise<number> =>
    sendersCost(target.url, { ...o, durationMs: 1.5 * durationMs });
  const legs = {
    one: cost({ workers: 1 }),
    two: cost({ workers: 2 }),
    whole: cost({ workers: 1, rate: splitRate }),
    split: cost({ workers: 2, rate: splitRate }),
    fast: async () => {
      lags.push(await lagOf(target.url, { workers: 1, rate: lagRate, durationMs }));
      return null;
    },
  };
  const costs = await measure(legs, { cold: true });
  return {
    twoWorkersToOne: ratio(costs, "two", "one"),
    sameArrivalsInTwo: ratio(costs, "split", "whole"),
    lagP50Ms: figureOf(lags.map(({ p50Ms }) => p50Ms)),
    lagP99Ms: figureOf(lags.map(({ p99Ms }) => p99Ms)),
    dropped: figureOf(lags.map(({ dropped }) => dropped)),
  };
}

const result: Record<string, Figure> = {
  ...(await plainLegs()),
  ...(await tlsLegs()),
  ...(await streamLegs()),
  ...(await senderLegs()),
};
const wanted = ([figure]: readonly [string, Figure]): boolean =>
  !isFloor || (figure in gates && !offFloor.has(figure));
const rows = Object.entries(result)
  .filter(wanted)
  .map(([figure, found]) => ({
    figure,
    value: found === "NOT TESTED" ? found : round(median(found), 3),
    gate: gates[figure] ?? "none",
  }));
const method = { connections, rounds, durationMs };
if (!isFloor) tell({ bench: "load-cost", method, goals, rows }, process.argv);
for (const { figure, value, gate } of rows) {
  const found = result[figure];
  if (found === undefined || found === "NOT TESTED") {
    process.stdout.write(`NOT TESTED: ${figure} (its generator is not there)\n`);
    continue;
  }
  if (typeof gate !== "number") continue;
  const sorted = found.toSorted((a, b) => a - b).map((one) => one.toFixed(3));
  const said = `${figure} ${value}, at most ${gate}, rounds from ${sorted[0]} to ${sorted.at(-1)}`;
  const held = isFloor ? holds(found, gate) : median(found) <= gate ? "held" : "broken";
  process.stdout.write(held === "open" ? `NOT TESTED: ${said}\n` : `${held}: ${said}\n`);
  if (held === "broken") process.exitCode = 1;
}

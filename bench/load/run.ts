/**
 * Costs of the load engine as ratios to other generators in one run: interleaved rounds, medians,
 * targets in threads or processes of their own. `node bench/load/run.ts [rounds]`. A leg whose generator is
 * not there is NOT TESTED, printed, never green.
 */
import {
  firstChunkTimes,
  rankValue,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import { startStallServer } from "../../packages/testkit/src/stall-server/index.ts";
import { type Goal, numbersGiven, tell } from "../result.ts";
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

type Figure = number | "NOT TESTED";

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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

type Legs = Readonly<Record<string, () => Promise<number | null>>>;

/**
 * Medians over interleaved rounds; a leg that gave null is left out. Each round begins with another
 * leg: what one leaves behind, in caches or in a processor's clock, is not always paid by the same
 * next one. Cold code costs several times more: one round is thrown away, unless every run of a leg
 * starts with threads of its own.
 */
async function measure(legs: Legs, o: { cold?: boolean } = {}): Promise<Map<string, number>> {
  const costs = new Map<string, number[]>();
  const all = Object.entries(legs);
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
  return new Map([...costs].map(([name, found]) => [name, median(found)]));
}

function ratio(costs: ReadonlyMap<string, number>, side: string, to: string): Figure {
  const [one, other] = [costs.get(side), costs.get(to)];
  if (one === undefined || other === undefined) return "NOT TESTED";
  return Math.round((one / other) * 1000) / 1000;
}

async function plainLegs(): Promise<Record<string, Figure>> {
  await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
  const { url } = server;
  const costs = await measure({
    bare: () => costOf(loadline)(url),
    wrk: () => wrkCost(url, durationMs),
    full: () => costOf(loadlineFull)(url),
    steps: () => costOf(scripted("steps"))(url),
    module: () => costOf(scripted("module"))(url),
    dispatch: () => costOf(undiciDispatch)(url),
    k6: () => k6Cost(url, durationMs),
  });
  return {
    bareToWrk: ratio(costs, "bare", "wrk"),
    fullToWrk: ratio(costs, "full", "wrk"),
    stepsToWrk: ratio(costs, "steps", "wrk"),
    asyncToWrk: ratio(costs, "module", "wrk"),
    bareToDispatch: ratio(costs, "bare", "dispatch"),
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
  const once = async (side: StreamSide, ms: number): Promise<{ chunks: number; us: number }> => {
    await target.reset();
    const before = process.threadCpuUsage();
    const { chunks, ttftP50Ms } = await side(target.url, ms);
    const { user, system } = process.threadCpuUsage(before);
    const truthMs = rankValue(firstChunkTimes(await target.truth()), 0.5);
    if (ttftP50Ms !== null) overTruthMs.push(ttftP50Ms - truthMs);
    return { chunks, us: user + system };
  };
  /** Of a chunk once streams run: what a run of one stream each costs is no chunk's. */
  const costPerChunk = (side: StreamSide) => async (): Promise<number> => {
    const short = await once(side, 1);
    const long = await once(side, durationMs + streamMs);
    return (long.us - short.us) / Math.max(1, long.chunks - short.chunks);
  };
  const costs = await measure({
    loadline: costPerChunk(loadlineStreams),
    dispatch: costPerChunk(dispatchStreams),
    fetch: costPerChunk(fetchStreams),
  });
  return {
    sseToDispatch: ratio(costs, "loadline", "dispatch"),
    sseToFetch: ratio(costs, "loadline", "fetch"),
    ttftOverTruthMs: Math.round(median(overTruthMs.slice(2)) * 1000) / 1000,
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
    lagP50Ms: median(lags.map(({ p50Ms }) => p50Ms)),
    lagP99Ms: median(lags.map(({ p99Ms }) => p99Ms)),
    dropped: median(lags.map(({ dropped }) => dropped)),
  };
}

const result: Record<string, Figure> = {
  ...(await plainLegs()),
  ...(await tlsLegs()),
  ...(await streamLegs()),
  ...(await senderLegs()),
};
/** A figure that is no number was asked for and not found: it holds no gate. */
const over = Object.entries(gates).filter(([name, max]) => {
  const value = result[name];
  return value !== "NOT TESTED" && !(Number(value) <= max);
});
const rows = Object.entries(result).map(([figure, value]) => ({
  figure,
  value,
  gate: gates[figure] ?? "none",
}));
const method = { connections, rounds, durationMs };
tell({ bench: "load-cost", method, goals, rows }, process.argv);
for (const [name, value] of Object.entries(result)) {
  if (value === "NOT TESTED")
    process.stdout.write(`NOT TESTED: ${name} (its generator is not there)\n`);
}
if (over.length > 0) {
  const said = over.map(([name, max]) => `${name} ${String(result[name])}, at most ${max}`);
  process.stdout.write(`over: ${said.join("; ")}\n`);
  process.exitCode = 1;
}

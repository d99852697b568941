/**
 * What the load engine holds at once and for long, on this machine: 2,000 concurrent streams, 1,000
 * virtual users, percentiles beside the exact order statistics of the same requests, and memory
 * while 2,000 requests a second go on. `node bench/load/scale.ts [streams] [users] [percentiles]
 * [memory] [seconds]`: without a name all four; `seconds` is the length of the memory leg.
 */
import {
  rankValue,
  startReferenceTarget,
} from "../../packages/testkit/src/reference-target/index.ts";
import type { Scenario } from "../../packages/validator/src/load/index.ts";
import { demandGoals, type Goal, numbersGiven, tell } from "../result.ts";
import { memoryLeg } from "./memory-leg.ts";
import { round } from "../figures.ts";
import { claimed, type Leg, type Ran, ran, rowOf } from "./ran.ts";

const [seconds = 180] = numbersGiven(process.argv);
const streams = 2000;
const users = 1000;
const get = { kind: "http", method: "GET", path: "/" } as const;

/** Shown quantiles of a run of one scenario, in ms; NaN for one that is not shown. */
function quantilesOf({ records }: Ran, of: "ttft" | "percentiles"): (q: number) => number {
  const [series] = records.flatMap((one) => (one.type === "series" ? [one.series] : []));
  return (q) => series?.[of].find(([shown]) => shown === q)?.[1] ?? Number.NaN;
}

const heldGoals = (row: string, atOnce: number): readonly Goal[] => [
  { row, figure: "atOnce", atLeast: atOnce },
  { row, figure: "bad", atMost: 0 },
];

/** Streams of 10 s each, all open at once, each event read, counted and stamped. */
async function streamsLeg(): Promise<Leg> {
  const stream = { chunks: 50, gapMs: 200, firstMs: 200 };
  await using target = await startReferenceTarget({ stream });
  const request = {
    kind: "chat",
    model: "m",
    prompts: ["a"],
    maxTokens: stream.chunks,
    stream: true,
  } as const;
  const s: Scenario = {
    executor: "constant-vus",
    vus: streams,
    durationMs: 20_000,
    startJitterMs: 5000,
    request,
  };
  const plan = { target: { baseUrl: target.url }, scenarios: { s }, limits: [claimed("s", {})] };
  const one = await ran({ ...plan, connectionsMax: streams });
  const at = quantilesOf(one, "ttft");
  const name = `${streams} streams at once`;
  const row = rowOf(name, one, {
    atOnce: one.inFlightMax,
    ttftP50Ms: round(at(0.5), 2),
    ttftP99Ms: round(at(0.99), 2),
  });
  return { row, goals: heldGoals(name, streams) };
}

/** Users that ask, read and think for half a second on average. */
async function usersLeg(): Promise<Leg> {
  await using target = await startReferenceTarget({ delayMs: 20 });
  const s: Scenario = {
    executor: "constant-vus",
    vus: users,
    durationMs: 20_000,
    startJitterMs: 2000,
    warmupMs: 3000,
    thinkMs: [250, 750],
    request: get,
  };
  const limits = [claimed("s", {}), claimed("s", { metric: "errors", gauge: "vus", claim: "vus" })];
  const one = await ran({ target: { baseUrl: target.url }, scenarios: { s }, limits });
  const gauge = one.records.flatMap((record) =>
    record.type === "sample.tally" && record.claim === "vus" ? [record.tally.gauge] : [],
  )[0];
  const at = quantilesOf(one, "percentiles");
  const name = `${users} virtual users`;
  const row = rowOf(name, one, {
    atOnce: gauge ?? Number.NaN,
    perSecond: round(one.ok / 20, 0),
    responseP50Ms: round(at(0.5), 2),
    responseP99Ms: round(at(0.99), 2),
  });
  return { row, goals: heldGoals(name, users) };
}

const exactScenarios = 24;
/** The hundred slowest of a limit are kept whole: of so many requests that is every one. */
const exactRequests = 100;

/** Largest distance of a shown percentile from the exact one of the same requests, in per cent. */
async function percentilesLeg(): Promise<Leg> {
  await using target = await startReferenceTarget({
    delayMs: 5,
    slow: { share: 0.3, delayMs: 60 },
  });
  const names = Array.from({ length: exactScenarios }, (_, at) => `s${at}`);
  const scenario = (at: number): Scenario => ({
    executor: "constant-arrival-rate",
    rate: 20 + at,
    durationMs: (exactRequests * 1000) / (20 + at),
    arrivals: "poisson",
    request: get,
  });
  const one = await ran({
    target: { baseUrl: target.url },
    scenarios: Object.fromEntries(names.map((name, at) => [name, scenario(at)])),
    limits: names.map((name) => claimed(name, {})),
  });
  const exact = new Map<string, readonly number[]>();
  for (const record of one.records) {
    if (record.type !== "samples") continue;
    for (const { claim, rows } of record.samples.slowest)
      exact.set(
        claim,
        rows.map(([value]) => value).toSorted((a, b) => a - b),
      );
  }
  let [worst, compared] = [0, 0];
  for (const record of one.records) {
    if (record.type !== "series") continue;
    const { scenario: name, percentiles, ok } = record.series;
    const values = exact.get(name) ?? [];
    const answered = ok.reduce((all, n) => all + n, 0);
    // A poisson schedule may bring a few more than are kept whole: those scenarios are left out.
    if (values.length !== answered) continue;
    for (const [q, shownMs] of percentiles) {
      const exactMs = rankValue(values, q);
      worst = Math.max(worst, (100 * Math.abs(shownMs - exactMs)) / exactMs);
      compared++;
    }
  }
  const name = "percentiles beside exact ones";
  return {
    row: rowOf(name, one, { compared, worstPercent: round(worst, 3) }),
    goals: [
      { row: name, figure: "compared", atLeast: 30 },
      { row: name, figure: "worstPercent", atMost: 0.5 },
    ],
  };
}

const legs = {
  streams: streamsLeg,
  users: usersLeg,
  percentiles: percentilesLeg,
  memory: () => memoryLeg(seconds),
} as const;
const asked = Object.entries(legs).filter(([name]) => process.argv.includes(name));
const rows: Leg["row"][] = [];
const goals: Goal[] = [];
for (const [, leg] of asked.length > 0 ? asked : Object.entries(legs)) {
  const one = await leg();
  rows.push(one.row);
  goals.push(...one.goals);
}
const result = { bench: "load-scale", goals, rows };
tell(result, process.argv);
demandGoals(result);

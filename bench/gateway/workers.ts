/**
 * Two workers beside one, all limits on and none, interleaved, the order turned each time. Where there
 * are four cores each worker has one of its own, and their requests per second are compared; elsewhere
 * all processes of a subject share a core, and their CPU time alone is told.
 * `node bench/gateway/workers.ts [rounds] [requests]`.
 */
import { availableParallelism } from "node:os";
import { numbersGiven, tell } from "../result.ts";
import { drive } from "./drive.ts";
import { cpuMicrosOf, familyOf } from "./family.ts";
import { coresNeeded, scalingRow, singleRow, type ScalingRound } from "./scaling.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  pin,
  start,
  startGateway,
  stop,
  type Subject,
} from "./subject.ts";

const [rounds = 9, requestsPerRound = 20_000] = numbersGiven(process.argv);
const warmRequests = 60_000;
const connections = 64;
const cores = availableParallelism();
const isFree = cores >= coresNeeded;
/** Of a second worker, and of the upstream with what the workers share. */
const [secondCore, answeringCore] = isFree ? [2, 3] : [measuredCore, drivingCore];

interface Measured {
  readonly subject: Subject;
  /** All its processes; they stay the same. */
  readonly pids: readonly number[];
  readonly rounds: ScalingRound[];
}

/** Starts a gateway; its own process keeps what its workers share. */
async function begin(name: string, config: Parameters<typeof startGateway>[2]): Promise<Measured> {
  const subject = await startGateway(name, base, config);
  const pids = familyOf(subject.child.pid ?? 0);
  const [, ...workers] = pids;
  if (isFree && workers.length > 0) {
    pin(subject.child.pid, answeringCore);
    for (const [i, pid] of workers.entries()) pin(pid, i === 0 ? measuredCore : secondCore);
  }
  return { subject, pids, rounds: [] };
}

async function measure({ subject, pids }: Measured): Promise<ScalingRound> {
  const shared = pids.length > 1 ? pids.slice(0, 1) : [];
  // It runs on the core of the upstream.
  const answering = [upstream.child.pid ?? 0, ...shared];
  const look = () => ({
    ms: performance.now(),
    micros: cpuMicrosOf(pids),
    sharedMicros: cpuMicrosOf(shared),
    drivingMicros: cpuMicrosOf([process.pid]),
    answeringMicros: cpuMicrosOf(answering),
  });
  const before = look();
  await drive(subject, requestsPerRound, connections);
  const after = look();
  const ms = after.ms - before.ms;
  const shareOf = (of: "drivingMicros" | "answeringMicros"): number =>
    (after[of] - before[of]) / 1000 / ms;
  return {
    perSecond: (requestsPerRound * 1000) / ms,
    micros: (after.micros - before.micros) / requestsPerRound,
    sharedMicros: (after.sharedMicros - before.sharedMicros) / requestsPerRound,
    drivingShare: Math.max(shareOf("drivingMicros"), shareOf("answeringMicros")),
  };
}

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: answeringCore });
const base = `http://127.0.0.1:${upstream.port}`;
const pairs = [
  {
    one: await begin("one worker", allLimits),
    two: await begin("two workers", { ...allLimits, workers: 2 }),
  },
  {
    one: await begin("one worker without limits", {}),
    two: await begin("two workers without limits", { workers: 2 }),
  },
];
const all = pairs.flatMap(({ one, two }) => [one, two]);
for (const { subject } of all) await drive(subject, warmRequests, connections);
for (let i = 0; i < rounds; i++)
  for (const each of i % 2 === 0 ? all : all.toReversed()) each.rounds.push(await measure(each));
stop(...all.map(({ subject }) => subject), upstream);
const rows = pairs.flatMap(({ one, two }) => [
  singleRow(one.subject.name, one.rounds),
  scalingRow(two.subject.name, { one: one.rounds, two: two.rounds }, cores),
]);
for (const { subject, notTested } of rows)
  if (notTested !== undefined)
    process.stderr.write(`NOT TESTED: ${subject} on cores of their own (${notTested})\n`);
const goals = [{ row: "two workers", figure: "timesOne", atLeast: 1.7 }];
const method = { rounds, requestsPerRound, warmRequests, connections };
tell({ bench: "gateway-workers", goals, method, rows }, process.argv);

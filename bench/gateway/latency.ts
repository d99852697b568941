/**
 * Time the gateway adds, beside the relay and a pipe of bytes: blocks of calls straight to the upstream
 * and through each, interleaved; first on one connection, one call after the other, then 500 a second whether earlier
 * ones are answered or not. `node bench/gateway/latency.ts [blocks] [calls] [calls at 500/s]`.
 */
import { numbersGiven, tell } from "../result.ts";
import { type Added, addedOf, ofRelay } from "./added.ts";
import { Caller, requestOf } from "./drive.ts";
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

const [blocks = 20, callsPerBlock = 500, callsAtRate = 1000] = numbersGiven(process.argv);
const warmCalls = 5000;
const perSecond = 500;
const connections = 32;

/** A way to the upstream. */
interface Lane {
  readonly subject: Subject;
  readonly request: Buffer;
}

type Block = (lane: Lane) => Promise<readonly number[]>;

const call = (caller: Caller, request: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    caller.send(request, (error) => (error ? reject(error) : resolve()));
  });

/**
 * Runs a block on connections of its own, of which each has carried a call: one that rests while others
 * are measured is closed at its end of time.
 */
async function onConnections(
  { subject, request }: Lane,
  count: number,
  run: (callers: readonly Caller[]) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const callers = await Promise.all(Array.from({ length: count }, () => Caller.open(subject)));
  try {
    await Promise.all(callers.map((caller) => call(caller, request)));
    return await run(callers);
  } finally {
    for (const caller of callers) caller.close();
  }
}

/** One call after the other. */
const inTurn =
  (calls: number): Block =>
  (lane) =>
    onConnections(lane, 1, async ([caller]) => {
      if (!caller) throw new Error("no connection is idle");
      const ms: number[] = [];
      for (let i = 0; i < calls; i++) {
        const startMs = performance.now();
        await call(caller, lane.request);
        ms.push(performance.now() - startMs);
      }
      return ms;
    });

/** 500 a second. */
const atRate =
  (calls: number): Block =>
  (lane) =>
    onConnections(lane, connections, (callers) => paced(callers, lane.request, calls));

/** A call that finds no idle connection waits for one, and its time runs. */
const paced = (
  callers: readonly Caller[],
  request: Buffer,
  calls: number,
): Promise<readonly number[]> =>
  new Promise((resolve, reject) => {
    const idle = [...callers];
    const ms: number[] = [];
    const waitingSinceMs: number[] = [];
    const firstMs = performance.now();
    let sent = 0;
    const dueMs = (): number => firstMs + (sent * 1000) / perSecond;
    const send = (caller: Caller, sinceMs: number): void =>
      caller.send(request, (error) => {
        if (error) return reject(error);
        ms.push(performance.now() - sinceMs);
        const next = waitingSinceMs.shift();
        if (next === undefined) idle.push(caller);
        else send(caller, next);
        if (ms.length === calls) resolve(ms);
      });
    const tick = (): void => {
      for (; sent < calls && dueMs() <= performance.now(); sent++) {
        const caller = idle.shift();
        if (caller) send(caller, performance.now());
        else waitingSinceMs.push(dueMs());
      }
      if (sent < calls) setTimeout(tick, Math.max(0, dueMs() - performance.now()));
    };
    tick();
  });

/** What each lane adds to the first one, the order of the lanes turned each time. */
async function compare(lanes: readonly Lane[], block: Block): Promise<readonly Added[]> {
  const all = new Map<Lane, (readonly number[])[]>(lanes.map((lane) => [lane, []]));
  for (let i = 0; i < blocks; i++)
    for (const lane of i % 2 === 0 ? lanes : lanes.toReversed())
      all.get(lane)?.push(await block(lane));
  const [direct = [], ...others] = [...all.values()];
  return others.map((blocksOf) => addedOf(direct, blocksOf));
}

function rowsOf(suffix: string, [pipe, relay, gateway]: readonly Added[]) {
  if (!pipe || !relay || !gateway) return [];
  return [
    { subject: `pipe of bytes${suffix}`, ...pipe },
    { subject: `relay${suffix}`, ...relay },
    { subject: `gateway${suffix}`, ...gateway, p99OfRelay: ofRelay(gateway, relay) },
  ];
}

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const base = `http://127.0.0.1:${upstream.port}`;
const between = { core: measuredCore, arguments: [base] };
const pipe = await start("pipe of bytes", { ...between, script: "pipe.ts" });
const relay = await start("relay", { ...between, script: "relay.ts" });
const gateway = await startGateway("gateway", base, allLimits);
const subjects: readonly Subject[] = [upstream, pipe, relay, gateway];
const lanes = subjects.map((subject): Lane => ({ subject, request: requestOf(subject, false) }));
for (const lane of lanes) await inTurn(warmCalls)(lane);
const one = await compare(lanes, inTurn(callsPerBlock));
const many = await compare(lanes, atRate(callsAtRate));
stop(...subjects);
const rows = [...rowsOf("", one), ...rowsOf(" at 500/s", many)];
const goals = [
  ...["gateway", "gateway at 500/s"].flatMap((row) => [
    { row, figure: "addedP50Ms", atMost: 0.15 },
    { row, figure: "addedP99Ms", atMost: 1 },
  ]),
  { row: "gateway at 500/s", figure: "p99OfRelay", atMost: 1 },
];
const method = { blocks, callsPerBlock, callsAtRate, perSecond, connections };
tell({ bench: "gateway-latency", goals, method, rows }, process.argv);

/**
 * Time the gateway adds, beside the relay: blocks of calls straight to the upstream and through both,
 * interleaved; first on one connection, one call after the other, then 500 a second whether earlier
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

/** A way to the upstream, and its connections that carry nothing now. */
interface Lane {
  readonly name: string;
  readonly request: Buffer;
  readonly idle: Caller[];
}

type Block = (lane: Lane) => Promise<readonly number[]>;

/** One call after the other. */
const inTurn =
  (calls: number): Block =>
  async ({ idle, request }) => {
    const [caller] = idle;
    if (!caller) throw new Error("no connection is idle");
    const ms: number[] = [];
    for (let i = 0; i < calls; i++) {
      const startMs = performance.now();
      await new Promise<void>((resolve, reject) => {
        caller.send(request, (error) => (error ? reject(error) : resolve()));
      });
      ms.push(performance.now() - startMs);
    }
    return ms;
  };

/** 500 a second; a call that finds no idle connection waits for one, and its time runs. */
const atRate =
  (calls: number): Block =>
  ({ idle, request }) =>
    new Promise((resolve, reject) => {
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

function rowsOf(suffix: string, [relay, gateway]: readonly Added[]) {
  if (!relay || !gateway) return [];
  return [
    { subject: `relay${suffix}`, ...relay },
    { subject: `gateway${suffix}`, ...gateway, p99OfRelay: ofRelay(gateway, relay) },
  ];
}

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await start("relay", { script: "relay.ts", core: measuredCore, arguments: [base] });
const gateway = await startGateway("gateway", base, allLimits);
const subjects: readonly Subject[] = [upstream, relay, gateway];
const lanes = await Promise.all(
  subjects.map(async (subject): Promise<Lane> => {
    const idle = Array.from({ length: connections }, () => Caller.open(subject));
    const { name } = subject;
    return { name, request: requestOf(subject, false), idle: await Promise.all(idle) };
  }),
);
for (const lane of lanes) await inTurn(warmCalls)(lane);
const one = await compare(lanes, inTurn(callsPerBlock));
const many = await compare(lanes, atRate(callsAtRate));
for (const { idle } of lanes) for (const caller of idle) caller.close();
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

/**
 * Time the gateway adds: one connection, blocks of calls straight to the upstream and through the
 * gateway and the relay, interleaved. `node bench/gateway/latency.ts [blocks] [calls]`.
 */
import { numbersGiven, tell } from "../result.ts";
import { Caller, requestOf } from "./drive.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  pin,
  quantile,
  round,
  start,
  startGateway,
  stop,
  type Subject,
} from "./subject.ts";

const [blocks = 20, callsPerBlock = 500] = numbersGiven(process.argv);
const warmCalls = 5000;

async function block(caller: Caller, request: Buffer, calls: number): Promise<number[]> {
  const ms: number[] = [];
  for (let i = 0; i < calls; i++) {
    const startMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      caller.send(request, (error) => (error ? reject(error) : resolve()));
    });
    ms.push(performance.now() - startMs);
  }
  return ms;
}

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await start("relay", { script: "relay.ts", core: measuredCore, arguments: [base] });
const gateway = await startGateway("gateway", base, allLimits);
const lanes = await Promise.all(
  [upstream, relay, gateway].map(async (subject: Subject) => ({
    subject,
    caller: await Caller.open(subject),
    request: requestOf(subject, false),
    ms: new Array<number>(),
  })),
);
for (const { caller, request } of lanes) await block(caller, request, warmCalls);
for (let i = 0; i < blocks; i++) {
  for (const lane of i % 2 === 0 ? lanes : lanes.toReversed())
    lane.ms.push(...(await block(lane.caller, lane.request, callsPerBlock)));
}
for (const { caller } of lanes) caller.close();
stop(upstream, relay, gateway);
const direct = lanes[0]?.ms ?? [];
const rows = lanes.slice(1).map(({ subject, ms }) => ({
  subject: subject.name,
  addedP50Ms: round(quantile(ms, 0.5) - quantile(direct, 0.5), 3),
  addedP99Ms: round(quantile(ms, 0.99) - quantile(direct, 0.99), 3),
}));
const goals = [
  { row: "gateway", figure: "addedP50Ms", atMost: 0.15 },
  { row: "gateway", figure: "addedP99Ms", atMost: 1 },
];
const result = { bench: "gateway-latency", blocks, callsPerBlock, goals, rows };
tell(result, process.argv);

/**
 * CPU per request of the gateway against the bare relay, and against other gateways that are here:
 * one upstream, each subject in a process of its own, many short rounds interleaved and the order
 * turned each time. Ratios are relay / subject of one round, their median and quartiles; higher is
 * better. `node bench/gateway/run.ts [rounds] [requests] [--peers FILE.json]`,
 * whose file `peer-table.ts` describes.
 */
import { type Goal, numbersGiven, tell } from "../result.ts";
import { startLimiterStore } from "./limiter-store.ts";
import { cpuRound, cpuRounds, ratioRow } from "./measure.ts";
import { peers, peersFile } from "./peers.ts";
import { round } from "../figures.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  nodeFlags,
  pin,
  sample,
  start,
  startGateway,
  stop,
  type Subject,
} from "./subject.ts";

const [rounds = 25, requestsPerRound = 5000] = numbersGiven(process.argv);
const warmRequests = 60_000;

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await start("relay", { script: "relay.ts", core: measuredCore, arguments: [base] });
const subjects: Subject[] = [
  relay,
  await start("pipe of bytes", { script: "pipe.ts", core: measuredCore, arguments: [base] }),
  await startGateway("gateway", base, allLimits),
  await startGateway("gateway without limits", base),
  await startGateway("gateway behind node:http", base, { ...allLimits, http: { front: "node" } }),
];
const redis = await startLimiterStore();
if (redis) {
  const stores = { sql: "sqlite:", redis: redis.url };
  const shared = { ...allLimits, stores };
  subjects.push(await startGateway("gateway with the Redis limiter", base, shared));
}
const micros = await cpuRounds(subjects, { rounds, requestsPerRound, warmRequests });
const [relayRounds = []] = micros;
const rows: Record<string, unknown>[] = [];
for (const [at, subject] of subjects.entries()) {
  const { rssBytes } = await sample(subject);
  const row = ratioRow(subject.name, relayRounds, micros[at] ?? []);
  rows.push({ ...row, rssMegabytes: round(rssBytes / 1e6) });
}
stop(...subjects.slice(1));
await redis?.[Symbol.asyncDispose]();
const file = peersFile(process.argv);
const relayRound = (): Promise<number> => cpuRound(relay, requestsPerRound);
/** A peer's row begins with its name; its version follows. */
const nameOf = (peer: string): string =>
  rows.map(({ subject }) => String(subject)).find((subject) => subject.startsWith(peer)) ?? peer;
const own = rows.find(({ subject }) => subject === "gateway");
for (const peer of await peers({ base, relayRound, file })) {
  const timesGateway = round(Number(own?.["ratio"]) / Number(peer["ratio"]));
  rows.push(Number.isNaN(timesGateway) ? peer : { ...peer, timesGateway });
}
stop(relay, upstream);
const goals: readonly Goal[] = [
  { row: "gateway", figure: "ratio", atLeast: 1.2 },
  { row: "gateway behind node:http", figure: "ratio", atLeast: 0.85 },
  { row: "gateway with the Redis limiter", figure: "ratio", atLeast: 0.65 },
  ...[
    { peer: "portkey", atLeast: 25 },
    { peer: "litellm", atLeast: 300 },
  ].map(({ peer, atLeast }) => ({ row: nameOf(peer), figure: "timesGateway", atLeast })),
];
const method = { rounds, requestsPerRound, warmRequests, connections: 64, flags: nodeFlags };
tell({ bench: "gateway-cpu", goals, method, rows }, process.argv);

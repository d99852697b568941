/**
 * CPU per request of the gateway against the bare relay, and against other gateways that are here:
 * one upstream, each subject in a process of its own, many short rounds interleaved and the order
 * turned each time. Ratios are relay / subject of one round, their median and quartiles; higher is
 * better. `node bench/gateway/run.ts [rounds] [requests] [--peers FILE.json]`,
 * whose file `peer-table.ts` describes.
 */
import { numbersGiven, tell } from "../result.ts";
import { startLimiterStore } from "./limiter-store.ts";
import { cpuRound, cpuRounds, ratioRow } from "./measure.ts";
import { peers, peersFile } from "./peers.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  nodeFlags,
  pin,
  round,
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
for (const peer of await peers({ base, relayRound, file })) rows.push(peer);
stop(relay, upstream);
const goals = {
  ratioMin: 0.85,
  redisRatioMin: 0.65,
  rssMegabytesMax: 120,
  portkeyTimesMin: 15,
  litellmTimesMin: 150,
};
const method = { rounds, requestsPerRound, warmRequests, connections: 64, flags: nodeFlags };
tell({ bench: "gateway-cpu", goals, method, rows }, process.argv);

/**
 * CPU per request of the gateway against the bare relay, and against other gateways that are here:
 * one upstream, each subject in a process of its own, rounds interleaved and the order turned each
 * time. Ratios are relay / subject, higher is better. `node bench/gateway/run.ts [rounds] [requests]`.
 */
import { drive } from "./drive.ts";
import { peers } from "./peers.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  median,
  nodeFlags,
  pin,
  round,
  sample,
  start,
  startGateway,
  stop,
  type Subject,
} from "./subject.ts";

const rounds = Number(process.argv[2] ?? 5);
const requestsPerRound = Number(process.argv[3] ?? 20_000);
const warmRequests = 60_000;

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await start("relay", { script: "relay.ts", core: measuredCore, arguments: [base] });
const subjects: Subject[] = [
  relay,
  await startGateway("gateway", base, allLimits),
  await startGateway("gateway behind node:http", base, { ...allLimits, http: { front: "node" } }),
];
for (const subject of subjects) await drive(subject, warmRequests);

const micros = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
for (let i = 0; i < rounds; i++) {
  for (const subject of i % 2 === 0 ? subjects : subjects.toReversed()) {
    const before = await sample(subject);
    await drive(subject, requestsPerRound);
    const after = await sample(subject);
    const spent = (after.cpuMicros - before.cpuMicros) / requestsPerRound;
    micros.get(subject.name)?.push(spent);
  }
}
const relayMicros = median(micros.get("relay") ?? []);
const rows: Record<string, unknown>[] = [];
for (const subject of subjects) {
  const own = micros.get(subject.name) ?? [];
  const { rssBytes } = await sample(subject);
  rows.push({
    subject: subject.name,
    microsPerRequest: round(median(own)),
    ratio: round(relayMicros / median(own), 3),
    rssMegabytes: round(rssBytes / 1e6),
  });
}
stop(...subjects);
for (const peer of await peers({ base, rounds, relayMicros })) rows.push(peer);
stop(upstream);
const goals = { ratioMin: 0.85, rssMegabytesMax: 120, portkeyTimesMin: 15 };
const method = { rounds, requestsPerRound, warmRequests, connections: 64, flags: nodeFlags };
process.stdout.write(`${JSON.stringify({ bench: "gateway-cpu", goals, method, rows }, null, 2)}\n`);

/**
 * Paced streams through the gateway and through the relay, interleaved: CPU per token, time to the
 * first token, streams lost, and, of many, memory per stream beyond what a tenth of them took.
 * `node bench/gateway/streams.ts [streams] [rounds]`.
 */
import { numbersGiven, tell } from "../result.ts";
import { drive, readStream } from "./drive.ts";
import { median, quantile, round } from "../figures.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  pin,
  sample,
  start,
  startGateway,
  stop,
  type Subject,
} from "./subject.ts";

const [streams = 100, rounds = 5] = numbersGiven(process.argv);
/** Of fewer the memory is less than a heap grows by for its own reasons. */
const isMany = streams > 500;
const paceMs = isMany ? 100 : 20;
const tokensPerStream = 100;
/** Full load before anything counts, then paced streams: code is compiled while both still run cold. */
const warmRequests = 20_000;
const warmRuns = 3;
const fewStreams = Math.ceil(streams / 10);

interface Round {
  readonly microsPerToken: number;
  readonly lost: readonly string[];
  readonly firstMs: readonly number[];
  readonly rssBytes: number;
}

async function run(subject: Subject, count = streams): Promise<Round> {
  const before = await sample(subject);
  const reading = Array.from({ length: count }, () => readStream(subject, () => performance.now()));
  // Half way through all of them are open.
  await new Promise((resolve) => setTimeout(resolve, (paceMs * tokensPerStream) / 2));
  const { rssBytes } = await sample(subject);
  const outcomes = await Promise.all(reading);
  const after = await sample(subject);
  const whole = outcomes.filter((outcome) => typeof outcome !== "string");
  return {
    microsPerToken: (after.cpuMicros - before.cpuMicros) / (count * tokensPerStream),
    lost: outcomes.filter((outcome) => typeof outcome === "string"),
    firstMs: whole.map(({ firstMs }) => firstMs),
    rssBytes,
  };
}

pin(process.pid, drivingCore);
const upstream = await start("upstream", {
  script: "upstream.ts",
  core: drivingCore,
  arguments: [String(paceMs), String(tokensPerStream)],
});
const base = `http://127.0.0.1:${upstream.port}`;
const between = { core: measuredCore, arguments: [base] };
const relay = await start("relay", { ...between, script: "relay.ts" });
const pipe = await start("pipe of bytes", { ...between, script: "pipe.ts" });
const concurrency = { key: 4096, global: 8192 };
const gateway = await startGateway("gateway", base, { ...allLimits, concurrency });
const subjects = [relay, pipe, gateway];
const idleBytes = new Map<string, number>();
const all = new Map<string, Round[]>(subjects.map(({ name }) => [name, []]));
for (const subject of subjects) {
  await drive(subject, warmRequests);
  // Before all of them were open once: what that took is not given back.
  idleBytes.set(subject.name, (await run(subject, fewStreams)).rssBytes);
  for (let i = 1; i < warmRuns; i++) await run(subject);
}
for (let i = 0; i < rounds; i++) {
  for (const subject of i % 2 === 0 ? subjects : subjects.toReversed())
    all.get(subject.name)?.push(await run(subject));
}
stop(...subjects, upstream);
const microsOf = (name: string): number =>
  median((all.get(name) ?? []).map(({ microsPerToken }) => microsPerToken));
const rows = subjects.map(({ name }) => {
  const own = all.get(name) ?? [];
  const firstMs = own.flatMap((one) => one.firstMs);
  const peak = Math.max(...own.map(({ rssBytes }) => rssBytes));
  const kilobytes = (peak - (idleBytes.get(name) ?? Number.NaN)) / 1000;
  return {
    subject: name,
    microsPerToken: round(microsOf(name), 2),
    ofRelay: round(microsOf(name) / microsOf("relay"), 3),
    firstTokenP99Ms: round(quantile(firstMs, 0.99), 2),
    lost: own.flatMap(({ lost }) => lost).length,
    ...(isMany && { kilobytesPerStream: round(kilobytes / (streams - fewStreams)) }),
    rssMegabytes: round(peak / 1e6),
  };
});
const goals = [
  { row: "gateway", figure: "ofRelay", atMost: isMany ? 0.9 : 0.62 },
  { row: "gateway", figure: "lost", atMost: 0 },
  ...(isMany ? [{ row: "gateway", figure: "kilobytesPerStream", atMost: 40 }] : []),
];
const result = {
  bench: `gateway-streams-${streams}`,
  goals,
  rounds,
  paceMs,
  tokensPerStream,
  rows,
};
tell(result, process.argv);

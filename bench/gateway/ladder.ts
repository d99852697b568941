/**
 * CPU per request as one feature after another is switched on, in one interleaved run. Each step's
 * share is in percent of the bare relay's CPU; a step above its budget is named.
 */
import { numbersGiven, tell } from "../result.ts";
import { cpuRounds } from "./measure.ts";
import {
  allLimits,
  drivingCore,
  measuredCore,
  median,
  pin,
  round,
  start,
  startGateway,
  stop,
  type Subject,
} from "./subject.ts";

const [rounds = 25, requestsPerRound = 5000] = numbersGiven(process.argv);
const warmRequests = 40_000;
const silent = { log: { level: "silent" } };

/** What each step adds to the one before, and its budget in percent of the relay. */
const steps: readonly { name: string; config: object; budget: number }[] = [
  {
    name: "halves, scan, routing, stream machine, metrics",
    config: { ...silent, auth: { required: false } },
    budget: 69,
  },
  { name: "+ key check", config: silent, budget: 1.5 },
  { name: "+ limits on key, tenant, model, all", config: { ...silent, ...allLimits }, budget: 2.5 },
  { name: "+ access log", config: allLimits, budget: 2 },
];

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await start("relay", { script: "relay.ts", core: measuredCore, arguments: [base] });
const subjects: Subject[] = [relay];
for (const { name, config } of steps) subjects.push(await startGateway(name, base, config));
const o = { rounds, requestsPerRound, warmRequests };
const [relayRounds = [], ...own] = await cpuRounds(subjects, o);
stop(...subjects, upstream);
const rows = steps.map(({ name, budget }, i) => {
  const spent = own[i] ?? [];
  // What it spends beyond the step before it, round by round.
  const shares = spent.map((micros, at) => {
    const beforeMicros = i === 0 ? 0 : (own[i - 1]?.[at] ?? Number.NaN);
    return (100 * (micros - beforeMicros)) / (relayRounds[at] ?? Number.NaN);
  });
  const share = round(median(shares));
  return {
    step: name,
    microsPerRequest: round(median(spent)),
    share,
    budget,
    isAbove: share > budget,
  };
});
const result = { bench: "gateway-ladder", relayMicros: round(median(relayRounds)), rounds, rows };
tell(result, process.argv);

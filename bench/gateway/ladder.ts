/**
 * CPU per request as one stage after another is switched on, in one interleaved run. Each step's
 * share is in percent of the bare relay's CPU, round by round; a step above its budget is named, and
 * the exit code is 1. `node bench/gateway/ladder.ts [rounds] [requests]`.
 */
import { servingEnvironment } from "../../packages/cli/src/process/heap.ts";
import { type Goal, numbersGiven, tell } from "../result.ts";
import { cpuRounds } from "./measure.ts";
import { sharesOf, type Step, steps } from "./steps.ts";
import { median, round } from "../figures.ts";
import { drivingCore, measuredCore, nodeFlags, pin, start, stop, type Subject } from "./subject.ts";

const [rounds = 25, requestsPerRound = 5000] = numbersGiven(process.argv);
const warmRequests = 40_000;

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const base = `http://127.0.0.1:${upstream.port}`;
const relay = await start("relay", { script: "relay.ts", core: measuredCore, arguments: [base] });
const subjects: Subject[] = [relay];
for (const step of steps) subjects.push(await startStep(step));
const o = { rounds, requestsPerRound, warmRequests };
const [relayRounds = [], ...own] = await cpuRounds(subjects, o);
stop(...subjects, upstream);
const shares = sharesOf(relayRounds, own);
const rows = steps.map(({ name, budget }, i) => ({
  step: name,
  microsPerRequest: round(median(own[i] ?? [])),
  share: shares[i] ?? Number.NaN,
  budget,
}));
const goals: readonly Goal[] = steps.map(({ name, budget }) => ({
  row: name,
  figure: "share",
  atMost: budget,
}));
const relayMicros = round(median(relayRounds));
tell({ bench: "gateway-ladder", method: o, relayMicros, goals, rows }, process.argv);
const above = rows.filter(({ share, budget }) => !(share <= budget));
for (const { step, share, budget } of above)
  process.stderr.write(`above its budget: ${step}: ${share} % of the relay, not ${budget} %\n`);
if (above.length > 0) process.exitCode = 1;

function startStep({ name, gateway }: Step): Promise<Subject> {
  const settings = gateway && [JSON.stringify(gateway.config), gateway.emptied.join()];
  return start(name, {
    script: gateway ? "gateway.ts" : "halves.ts",
    core: measuredCore,
    arguments: [base, ...(settings ?? [])],
    flags: nodeFlags,
    environment: servingEnvironment,
  });
}

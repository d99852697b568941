/**
 * Memory under steady load: 500 requests/s for some minutes, the resident size each 5 s, its slope
 * after the first third. `node bench/gateway/soak.ts [minutes]`.
 */
import { numbersGiven, tell } from "../result.ts";
import { Caller, requestOf } from "./drive.ts";
import {
  allLimits,
  drivingCore,
  pin,
  round,
  sample,
  start,
  startGateway,
  stop,
} from "./subject.ts";

const [minutes = 10] = numbersGiven(process.argv);
const perSecond = 500;
const sampleMs = 5000;
const connections = 32;

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const gateway = await startGateway("gateway", `http://127.0.0.1:${upstream.port}`, allLimits);
const request = requestOf(gateway, false);
const idle = await Promise.all(Array.from({ length: connections }, () => Caller.open(gateway)));
const points: { minute: number; megabytes: number }[] = [];
const faults: string[] = [];
let answered = 0;
const startMs = performance.now();
const endMs = startMs + minutes * 60_000;
let due = 0;
let nextSampleMs = startMs;
while (performance.now() < endMs) {
  const elapsedMs = performance.now() - startMs;
  while (due < (elapsedMs / 1000) * perSecond) {
    // Each in its turn: one that rests long is closed by the gateway.
    const caller = idle.shift();
    if (!caller) break;
    due++;
    caller.send(request, (error) => {
      if (error) faults.push(error.message);
      else {
        answered++;
        idle.push(caller);
      }
    });
  }
  if (performance.now() >= nextSampleMs) {
    nextSampleMs += sampleMs;
    const { rssBytes } = await sample(gateway);
    points.push({ minute: elapsedMs / 60_000, megabytes: rssBytes / 1e6 });
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}
stop(gateway, upstream);

/** Least squares over the points after the first third. */
function slope(all: typeof points): number {
  const late = all.slice(Math.floor(all.length / 3));
  const meanX = late.reduce((sum, { minute }) => sum + minute, 0) / late.length;
  const meanY = late.reduce((sum, { megabytes }) => sum + megabytes, 0) / late.length;
  const over = late.reduce((sum, p) => sum + (p.minute - meanX) * (p.megabytes - meanY), 0);
  return over / late.reduce((sum, p) => sum + (p.minute - meanX) ** 2, 0);
}
const last = points.at(-1)?.megabytes ?? Number.NaN;
const row = {
  subject: "gateway",
  answered,
  faults: faults.length,
  rssMegabytes: round(last),
  megabytesPerMinute: round(slope(points), 3),
};
const goals = [
  { row: "gateway", figure: "faults", atMost: 0 },
  // What was not sent was no load.
  { row: "gateway", figure: "answered", atLeast: Math.floor(0.99 * minutes * 60 * perSecond) },
  { row: "gateway", figure: "rssMegabytes", atMost: 120 },
  { row: "gateway", figure: "megabytesPerMinute", atMost: 0.1 },
];
const method = { minutes, perSecond, connections };
tell({ bench: "gateway-soak", goals, method, rows: [row] }, process.argv);
process.exit(0);

/**
 * Memory under steady load: 500 requests/s for some minutes, the most that was resident, looked at each
 * 5 s, and the slope, after the first third, of what is resident once each minute when everything that
 * nobody holds was collected: between collections the size is a saw's tooth of 5 MB, whose slope says
 * where it was cut. `node bench/gateway/soak.ts [minutes]`.
 */
import { numbersGiven, tell } from "../result.ts";
import { Caller, requestOf } from "./drive.ts";
import { round } from "../figures.ts";
import { allLimits, drivingCore, pin, sample, start, startGateway, stop } from "./subject.ts";

const [minutes = 10] = numbersGiven(process.argv);
const perSecond = 500;
const sampleMs = 5000;
const collectMs = 60_000;
const connections = 32;

pin(process.pid, drivingCore);
const upstream = await start("upstream", { script: "upstream.ts", core: drivingCore });
const gateway = await startGateway("gateway", `http://127.0.0.1:${upstream.port}`, allLimits);
const request = requestOf(gateway, false);
const idle = await Promise.all(Array.from({ length: connections }, () => Caller.open(gateway)));
const points: { minute: number; megabytes: number }[] = [];
let mostMegabytes = 0;
const faults: string[] = [];
let answered = 0;
const startMs = performance.now();
const endMs = startMs + minutes * 60_000;
let due = 0;
let nextSampleMs = startMs;
let nextCollectMs = startMs + (endMs - startMs) / 3;
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
    mostMegabytes = Math.max(mostMegabytes, (await sample(gateway)).rssBytes / 1e6);
  }
  if (performance.now() >= nextCollectMs) {
    nextCollectMs += collectMs;
    const { rssBytes } = await sample(gateway, "collected");
    points.push({ minute: elapsedMs / 60_000, megabytes: rssBytes / 1e6 });
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}
stop(gateway, upstream);

/** Least squares. */
function slope(late: typeof points): number {
  const meanX = late.reduce((sum, { minute }) => sum + minute, 0) / late.length;
  const meanY = late.reduce((sum, { megabytes }) => sum + megabytes, 0) / late.length;
  const over = late.reduce((sum, p) => sum + (p.minute - meanX) * (p.megabytes - meanY), 0);
  return over / late.reduce((sum, p) => sum + (p.minute - meanX) ** 2, 0);
}
const row = {
  subject: "gateway",
  answered,
  faults: faults.length,
  mostMegabytes: round(mostMegabytes),
  collectedMegabytes: round(points.at(-1)?.megabytes ?? Number.NaN),
  megabytesPerMinute: round(slope(points), 3),
};
const goals = [
  { row: "gateway", figure: "faults", atMost: 0 },
  // What was not sent was no load.
  { row: "gateway", figure: "answered", atLeast: Math.floor(0.99 * minutes * 60 * perSecond) },
  { row: "gateway", figure: "mostMegabytes", atMost: 120 },
  { row: "gateway", figure: "megabytesPerMinute", atMost: 0.1 },
];
const method = { minutes, perSecond, connections };
tell({ bench: "gateway-soak", goals, method, rows: [row] }, process.argv);
process.exit(0);

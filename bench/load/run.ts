/**
 * CPU per request of the load engine, as a ratio to undici's dispatch in one run: interleaved
 * rounds, medians. `npm run bench -- load`. The wrk leg needs wrk and is NOT TESTED here.
 */
import { startStallServer } from "../../packages/testkit/src/stall-server/index.ts";
import { connections, loadline, type Side, undiciDispatch } from "./sides.ts";

const rounds = 5;
const durationMs = 1500;

/** us of this thread per answered request; the server's thread is not in it. */
async function cost(side: Side, url: string): Promise<number> {
  const before = process.threadCpuUsage();
  const answered = await side(url, durationMs);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / Math.max(1, answered);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await using server = await startStallServer({ delayMs: 0, stallMs: 0, everyMs: 1000 });
const sides = { loadline, undiciDispatch };
const costs: Record<string, number[]> = { loadline: [], undiciDispatch: [] };
// Cold code costs several times more: one round each is thrown away.
for (const side of Object.values(sides)) await cost(side, server.url);
for (let round = 0; round < rounds; round++) {
  for (const [name, side] of Object.entries(sides)) {
    costs[name]?.push(await cost(side, server.url));
  }
}
const ratio = median(costs["loadline"] ?? []) / median(costs["undiciDispatch"] ?? []);
process.stdout.write(
  `${JSON.stringify({ bench: "load", connections, rounds, ratioToUndiciDispatch: Number(ratio.toFixed(3)), ratioToWrk: "NOT TESTED" })}\n`,
);
if (process.argv.includes("--figures")) process.stdout.write(`${JSON.stringify(costs)}\n`);

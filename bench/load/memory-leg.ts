/** Whether what the engine keeps grows while a load goes on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { slopeInterval } from "@loadline/contract";
import { round } from "../figures.ts";
import { type Leg } from "./ran.ts";

const script = fileURLToPath(new URL("steady.ts", import.meta.url));
const z95 = 1.6449;
/** As Node tells a full collection of one thread's heap: thread, ms from its start, MB kept. */
const collection = /^\[\d+:(0x[0-9a-f]+)\]\s+(\d+) ms: Mark-Compact.*? -> ([\d.]+) \(/;

/**
 * Between collections a heap is as large as V8 lets it be, for minutes: what is kept shows after them.
 * Points are the sum over all threads after each full collection of one of them.
 */
export async function memoryLeg(seconds: number): Promise<Leg> {
  const child = spawn(process.execPath, ["--trace-gc", script, String(seconds)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const kept = new Map<string, number>();
  const points: [number, number][] = [];
  let row: Leg["row"] = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, thread, ms, megabytes] = collection.exec(line) ?? [];
    if (thread !== undefined) {
      kept.set(thread, Number(megabytes));
      points.push([Number(ms), [...kept.values()].reduce((all, one) => all + one, 0)]);
    } else if (line.startsWith("{")) row = JSON.parse(line) as Leg["row"];
    else if (line.startsWith("guard")) process.stdout.write(`${line}\n`);
  }
  const [code] = await exited;
  if (code !== 0) throw new Error(`${script} ended with ${String(code)}`);
  // Its end brings collections of what is put together for the report.
  const settled = points.filter(([ms]) => ms > (seconds * 1000) / 3 && ms < seconds * 1000);
  const slope = slopeInterval(eachSecond(settled), z95);
  const perHour = (mbPerMs: number | undefined): number =>
    round((mbPerMs ?? Number.NaN) * 3_600_000, 1);
  const megabytes = (at: number): number => settled.at(at)?.[1] ?? Number.NaN;
  return {
    row: {
      ...row,
      collections: settled.length,
      keptMegabytes: round(megabytes(0), 1),
      keptAtEndMegabytes: round(megabytes(-1), 1),
      keptMbPerHourLower: perHour(slope?.lower),
      keptMbPerHourUpper: perHour(slope?.upper),
    },
    goals: [{ row: String(row["leg"]), figure: "keptMbPerHourLower", atMost: 0 }],
  };
}

/** The last of the points at each second between the first of them and the last. */
function eachSecond(points: readonly [ms: number, value: number][]): [number, number][] {
  const samples: [number, number][] = [];
  points.forEach(([ms, value], at) => {
    const untilMs = points[at + 1]?.[0] ?? ms;
    for (let atMs = ms; atMs < untilMs; atMs += 1000) samples.push([atMs, value]);
  });
  return samples;
}

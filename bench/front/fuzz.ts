/**
 * Differential fuzz of the own front against llhttp: `node bench/front/fuzz.ts [10000000|60s]` reads
 * that many random connections, or as many as fit the time, on `LOADLINE_FUZZ_THREADS` threads (2).
 * Fresh seeds, unless `LOADLINE_FUZZ_SEED` names the first. Exit code 1 for any disagreement in the
 * dangerous direction.
 */
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { seededRandom, systemRandom } from "@loadline/kit/random";
import { differ, type Tally } from "../../test/conformance/front/differ.ts";

interface Task {
  readonly seed: number;
  readonly inputs: number;
  readonly endMs: number;
}

const threadsMax = 16;

async function main(): Promise<void> {
  const asked = process.argv[2] ?? "1000000";
  const isTime = asked.endsWith("s");
  const amount = Number(isTime ? asked.slice(0, -1) : asked);
  if (!(amount > 0)) throw new Error(`${asked} is neither a number of inputs nor seconds like 60s`);
  const threads = Math.min(threadsMax, Number(process.env["LOADLINE_FUZZ_THREADS"] ?? 2));
  const seed = Number(process.env["LOADLINE_FUZZ_SEED"] ?? systemRandom().below(2 ** 31));
  const startMs = Date.now();
  const tallies = await Promise.all(
    Array.from({ length: threads }, (_, i) =>
      run({
        seed: seed + i,
        inputs: isTime ? Number.POSITIVE_INFINITY : Math.ceil(amount / threads),
        endMs: isTime ? startMs + amount * 1000 : Number.POSITIVE_INFINITY,
      }),
    ),
  );
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((n, t) => n + of(t), 0);
  const seconds = (Date.now() - startMs) / 1000;
  process.stdout.write(
    `seeds ${seed} to ${seed + threads - 1}, ${seconds.toFixed(0)} s: ` +
      `${sum((t) => t.inputs)} inputs, ${sum((t) => t.accepted)} requests accepted, ` +
      `${sum((t) => t.dangerous)} disagreements in the dangerous direction\n`,
  );
  for (const example of tallies.flatMap((t) => t.examples)) process.stdout.write(`${example}\n`);
  if (sum((t) => t.dangerous) > 0 || sum((t) => t.accepted) === 0) process.exitCode = 1;
}

function run(task: Task): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: task });
    worker.once("message", (tally: Tally) => resolve(tally));
    worker.once("error", reject);
  });
}

if (isMainThread) await main();
else {
  const task: Task = workerData;
  const isOver = (tally: Tally): boolean => tally.inputs >= task.inputs || Date.now() >= task.endMs;
  parentPort?.postMessage(await differ(seededRandom(task.seed), isOver));
}

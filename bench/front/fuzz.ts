/**
 * Differential fuzz of the own front against llhttp: `node bench/front/fuzz.ts [10000000|60s]` reads
 * that many random connections, or as many as fit the time, on `LOADLINE_FUZZ_THREADS` threads (2).
 * Fresh seeds, unless `LOADLINE_FUZZ_SEED` names the first. Exit code 1 for any disagreement in the
 * dangerous direction: what the own front accepts, llhttp refuses or reads otherwise. In the other
 * direction there is none by its make: what the own front does not accept, llhttp reads.
 */
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { seededRandom, systemRandom } from "@loadline/kit/random";
import { differ, type Tally } from "../../test/conformance/front/differ.ts";
import { type Goal, tell } from "../result.ts";

interface Task {
  readonly seed: number;
  readonly inputs: number;
  readonly endMs: number;
}

const threadsMax = 16;
/** Of one run that shows the law. */
const inputsMin = 10_000_000;

async function main(): Promise<void> {
  const asked = process.argv.slice(2).find((text) => /^\d/.test(text)) ?? "1000000";
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
  const row = {
    read: "random connections",
    inputs: sum((t) => t.inputs),
    requestsAccepted: sum((t) => t.accepted),
    handedToLlhttp: sum((t) => t.handed),
    dangerousDisagreements: sum((t) => t.dangerous),
    seconds: Math.round((Date.now() - startMs) / 1000),
  };
  const goals: readonly Goal[] = [
    { row: row.read, figure: "inputs", atLeast: inputsMin },
    { row: row.read, figure: "dangerousDisagreements", atMost: 0 },
  ];
  /** Each thread has the next one. */
  const method = { firstSeed: seed, threads };
  const examples = tallies.flatMap((t) => t.examples);
  tell({ bench: "front-fuzz", method, goals, examples, rows: [row] }, process.argv);
  if (row.dangerousDisagreements > 0 || row.requestsAccepted === 0) process.exitCode = 1;
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

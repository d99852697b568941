/**
 * How often a comparison of two targets errs, over sockets: whole runs of `load --ab`, of a target with
 * itself and with the same target a tenth slower, ten side by side in one thread, which leaves them a
 * noisier machine than a run alone has. `node bench/load/compare.ts [twins] [slower] [triples]`, by
 * default 20, 10 and 100: three times eight minutes.
 */
import { systemClock } from "@loadline/kit/clock";
import { systemRandom } from "@loadline/kit/random";
import { makeScratchFolder } from "@loadline/kit/scratch-folder";
import { bindJob, type LoadJob, runLoadJob } from "../../packages/validator/src/index.ts";
import { startReferenceTarget } from "../../packages/testkit/src/reference-target/index.ts";
import { demandGoals, type Goal, numbersGiven, tell } from "../result.ts";

const [twins = 20, slower = 10, triples = 100] = numbersGiven(process.argv);
const clock = systemClock();
/** The generator's delays that are let through follow it: with many runs in a thread they are large. */
const delayMs = 200;
/** Requests per second of each run. */
const rate = 30;
const atOnce = 10;
/** Between the starts of two runs, ms: together they would ask in bursts. */
const apartMs = 137;
const threshold = "p(95)<baseline+5%";

const verdicts = ["passed", "failed", "inconclusive"] as const;
type Verdict = (typeof verdicts)[number];

function jobOf(baseUrl: string, ab: string, seed: number): LoadJob {
  const request = { kind: "http", method: "GET", path: "/" } as const;
  const get = { executor: "constant-arrival-rate", rate, durationMs: 1000, request } as const;
  return {
    profile: "bench",
    name: "reference target",
    load: { target: { baseUrl }, seed, scenarios: { get }, limits: [] },
    thresholds: { response_time: [{ threshold, id: "compared" }] },
    confidence: 0.95,
    waive: [],
    explore: false,
    ab,
    triples,
  };
}

/** What one run says of the comparison. */
async function compared(baseUrl: string, ab: string, seed: number): Promise<string> {
  using folder = makeScratchFolder("loadline-bench-");
  const { verdict } = await runLoadJob(bindJob(jobOf(baseUrl, ab, seed)), {
    clock,
    random: systemRandom(),
    runsDir: folder.path,
    toolVersion: "bench",
    reporters: [],
    onProgress: () => undefined,
    onWarning: (line) => void process.stderr.write(`${line}\n`),
    signal: new AbortController().signal,
  });
  const claim = verdict.claims.find(({ id }) => id === "compared");
  if (process.argv.includes("--figures")) process.stdout.write(`${claim?.sentence ?? "none"}\n`);
  return claim?.verdict ?? "none";
}

/** So many comparisons, a few at a time. */
async function verdictsOf(runs: number, baseUrl: string, other: string): Promise<string[]> {
  const said: string[] = [];
  for (let from = 0; from < runs; from += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, runs - from) }, async (_, at) => {
      await clock.sleep(apartMs * at);
      return await compared(baseUrl, other, from + at + 1);
    });
    said.push(...(await Promise.all(batch)));
  }
  return said;
}

async function rowsOf(): Promise<Readonly<Record<string, string | number>>[]> {
  await using target = await startReferenceTarget({ delayMs });
  const kinds = [
    { comparison: "a target with itself", other: target.url, runs: twins },
    { comparison: "with one a tenth slower", other: target.slowerUrl, runs: slower },
  ];
  const rows: Readonly<Record<string, string | number>>[] = [];
  for (const { comparison, other, runs } of kinds) {
    const said = await verdictsOf(runs, target.url, other);
    const count = (one: Verdict): number => said.filter((verdict) => verdict === one).length;
    const counts = Object.fromEntries(verdicts.map((one) => [one, count(one)]));
    rows.push({ comparison, runs, triples, ...counts });
  }
  return rows;
}

const goals: readonly Goal[] = [
  { row: "a target with itself", figure: "failed", atMost: 0 },
  // One that decides nothing raises no false alarm either.
  { row: "a target with itself", figure: "passed", atLeast: Math.floor(0.8 * twins) },
  { row: "with one a tenth slower", figure: "failed", atLeast: Math.ceil(0.9 * slower) },
];
const method = { delayMs, rate, threshold, atOnce };
const result = { bench: "load-compare", method, goals, rows: await rowsOf() };
tell(result, process.argv);
demandGoals(result);

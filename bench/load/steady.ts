/**
 * 2,000 requests a second for so many seconds, alone in a process, so that what the collector says of
 * it is of nothing else; the last line is a row. `node --trace-gc bench/load/steady.ts SECONDS`; the
 * memory leg of scale.ts starts it.
 */
import { startReferenceTarget } from "../../packages/testkit/src/reference-target/index.ts";
import { numbersGiven } from "../result.ts";
import { claimed, ran, rowOf } from "./ran.ts";

const [seconds = 180] = numbersGiven(process.argv);
const rate = 2000;

await using target = await startReferenceTarget({});
const s = {
  executor: "constant-arrival-rate",
  rate,
  durationMs: seconds * 1000,
  arrivals: "poisson",
  request: { kind: "http", method: "GET", path: "/" },
} as const;
const limits = [claimed("s", { quantile: 0.99 })];
const one = await ran({ target: { baseUrl: target.url }, scenarios: { s }, limits });
process.stdout.write(`${JSON.stringify(rowOf(`${rate}/s for ${seconds} s`, one, {}))}\n`);

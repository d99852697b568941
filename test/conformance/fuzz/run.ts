/**
 * Fuzzes the parsers of request bodies and of streams, 60 s each by default:
 *
 * ```sh
 * node test/conformance/fuzz/run.ts [seconds] [seed]
 * ```
 *
 * Prints the seed, the cases and the slowest one; a violated law or a case over 1 s ends it with 1.
 */
import { systemClock } from "@loadline/kit/clock";
import { seededRandom } from "@loadline/kit/random";
import { requests, streams } from "./corpus.ts";
import { checkRequest, checkStream } from "./laws.ts";
import { mutate } from "./mutate.ts";

const clock = systemClock();
const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.argv[3] ?? clock.wallMs() % 2 ** 32);
const slowMsMax = 1000;

function run(name: string, corpus: readonly string[], check: (bytes: Buffer) => void): boolean {
  const random = seededRandom(seed);
  const untilMs = clock.monotonicMs() + seconds * 1000;
  let cases = 0;
  let slowestMs = 0;
  for (let startMs = clock.monotonicMs(); startMs < untilMs; cases++) {
    const bytes = mutate(Buffer.from(corpus[cases % corpus.length] ?? ""), random);
    try {
      check(bytes);
    } catch (cause) {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      process.stdout.write(
        `${name}: seed ${seed}, case ${cases}: ${bytes.toString("hex")}\n${text}\n`,
      );
      return false;
    }
    const endMs = clock.monotonicMs();
    slowestMs = Math.max(slowestMs, endMs - startMs);
    startMs = endMs;
  }
  process.stdout.write(
    `${name}: seed ${seed}, ${cases} cases, slowest ${slowestMs.toFixed(1)} ms\n`,
  );
  return slowestMs <= slowMsMax;
}

const random = seededRandom(seed);
const isRequestOk = run("request", requests, (bytes) => void checkRequest(bytes));
const isStreamOk = run("stream", streams, (bytes) => void checkStream(bytes, random));
process.exitCode = isRequestOk && isStreamOk ? 0 : 1;

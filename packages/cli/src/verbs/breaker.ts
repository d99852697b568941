import { type BreakerSimulation, breakerSettingsOf, simulateBreaker } from "@loadline/gateway";
import { seededRandom } from "@loadline/kit/random";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { readNamedFile } from "./read-named-file.ts";
import { serveConfig } from "./serve.ts";
import type { VerbContext } from "./verb.ts";

const traceBytesMax = 512 * 1024 * 1024;
const shownMax = 100;

/** Replays recorded outcomes through the breaker's own decider. Reads one file, writes nothing. */
export async function runBreaker(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  const path = args.text("trace");
  if (path === undefined) throw cliErrors.make("LL_CLI_VALUE", "--trace FILE is missing.");
  const seed = args.count("seed", { min: 0, max: 2 ** 32 - 1 }) ?? 1;
  const config = await serveConfig(context);
  const target = args.text("target");
  const settings = breakerSettingsOf(config, target);
  const trace = readNamedFile(host.cwd, path, traceBytesMax);
  const result = simulateBreaker(trace, { settings, random: seededRandom(seed), target });
  host.stdout.write(json ? `${JSON.stringify(result)}\n` : `${textOf(result)}\n`);
  return 0;
}

function textOf(result: BreakerSimulation): string {
  const { calls, failures, neutral, refused, transitions, trips, spanMs } = result;
  const counted = calls - neutral;
  const percent = counted === 0 ? 0 : (failures / counted) * 100;
  const startMs = transitions[0]?.atMs ?? 0;
  const shown = transitions.slice(0, shownMax).map(({ atMs, from, to, reason }) => {
    return `  t=${Math.round(atMs)}  ${from} -> ${to}  (${reason})`;
  });
  const more = transitions.length - shown.length;
  return [
    `${calls} calls in ${(spanMs / 1000).toFixed(1)} s: ${failures} failed ` +
      `(${percent.toFixed(2)} %), ${neutral} neutral`,
    trips === 0 ? "never opens" : `opens ${trips} times, first at t=${Math.round(startMs)}:`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
    `${refused} calls would have been refused`,
    `trips an hour: ${result.tripsPerHour.toFixed(2)} here, ` +
      `${result.chanceTripsPerHour.toFixed(2)} by chance at this rate of failures`,
  ].join("\n");
}

import type { Args, OptionSpec } from "../args.ts";
import { cliErrors } from "../errors.ts";

/** What `load` takes beyond the options of a validation run. */
export const loadOptions: readonly OptionSpec[] = [
  { name: "rate", value: "N", help: "requests per second, whatever the target does" },
  { name: "users", value: "N", help: "users that ask again when answered; drive locust: -u" },
  { name: "duration", value: "D", help: "such as 60s or 10m, default 30s; drive locust: -t" },
  { name: "get", value: "PATH", help: "GET this route; default: JSON chat" },
  { name: "stream", help: "streamed chat" },
  { name: "threshold", value: "LIST", help: 'such as "response_time: p(99)<2s"; `;` between two' },
  { name: "manifest", value: "FILE", help: "what a profile has to know of the target" },
  {
    name: "ladder",
    value: "N,N",
    help: "hold these users in turn, shuffled; for --duration, default what the claims need",
  },
  { name: "find-peak", help: "search for the highest rate that keeps p99 < 2 s" },
  { name: "seed", value: "N", help: "same seed, same schedule; default 7" },
  { name: "workers", value: "N", help: "sender threads, default what the load needs" },
  { name: "processes", value: "N", help: "whole generators, default 1" },
  {
    name: "pacing",
    value: "P",
    oneOf: ["pacer", "timer", "precise"],
    help: "how the sender waits, default pacer",
  },
  { name: "ab", value: "URL", help: "compare this target with --target in interleaved blocks" },
  { name: "live", value: "PORT", optional: true, help: "page on 127.0.0.1, any free port" },
  { name: "allow-host", value: "LIST", help: "hosts that may be sent to besides loopback" },
  { name: "above-caps", help: "waive the safety caps" },
  { name: "explore", help: "run a plan that cannot prove its claims; exits 2" },
  { name: "dry-run", help: "print samples, minutes and what cannot be proven; send nothing" },
];

/** What only a plan to validate has a place for. */
const demands = ["waivers", "gates", "use", "skip"] as const;

/** @throws LL_CLI_VALUE for a demand on the verdict that no load and no import asks */
export function refuseDemands(args: Args): void {
  const found = demands.find((name) => args.text(name) !== undefined);
  if (found === undefined) return;
  const message = `--${found} is for validation plans; a load takes none.`;
  throw cliErrors.make("LL_CLI_VALUE", message);
}

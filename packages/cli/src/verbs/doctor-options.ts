import type { OptionSpec } from "../args.ts";

/** Options of `doctor`: which run it looks ahead to. */
export const doctorOptions: readonly OptionSpec[] = [
  { name: "plan", value: "FILE", help: "plan whose endpoints, keys and claims are looked at" },
  { name: "target", value: "URL", help: "the same of the quick plan for this server" },
  { name: "api-key-env", value: "NAME", help: "variable that is to hold its API key" },
  { name: "skip", value: "A,B", help: "stages that are not to run" },
];

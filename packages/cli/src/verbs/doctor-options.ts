import type { OptionSpec } from "../args.ts";

/** Options of `doctor`: which gateway and which run it looks at. */
export const doctorOptions: readonly OptionSpec[] = [
  { name: "config", value: "FILE", help: "gateway whose stores, schema and targets are asked" },
  { name: "plan", value: "FILE", help: "plan whose endpoints, keys and claims are looked at" },
  { name: "target", value: "URL", help: "the same of the quick plan for this server" },
  { name: "api-key-env", value: "NAME", help: "variable that is to hold its API key" },
  { name: "skip", value: "A,B", help: "stages that are not to run" },
];

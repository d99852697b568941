import type { OptionSpec } from "../args.ts";

/** What `load import|drive|export` takes beyond the options of a run. */
export const interopOptions: readonly OptionSpec[] = [
  { name: "tool", value: "PATH", help: "drive: the tool's binary, default from PATH" },
  { name: "lossy", help: "export: leave out what k6 cannot do; its claims become not_tested" },
  {
    name: "parallelism",
    value: "N",
    help: "export k6-operator: pods, default 2; import: results there must be",
  },
];

/** First words of `load` that are no file. */
export const interopActions = ["import", "drive", "export"] as const;

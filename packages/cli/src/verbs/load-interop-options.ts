import type { OptionSpec } from "../args.ts";

/** What `load import|drive|export` takes beyond the options of a run. */
export const interopOptions: readonly OptionSpec[] = [
  { name: "tool", value: "PATH", help: "drive: the tool's binary, default from PATH" },
];

/** First words of `load` that are no file. */
export const interopActions = ["import", "drive"] as const;

import { homedir } from "node:os";
import { join } from "node:path";
import { type PartsEnvironment, runCommand } from "./part.ts";

const listed = (text: string | undefined): ReadonlySet<string> =>
  new Set((text ?? "").split(",").filter((id) => id !== ""));

/** `LOADLINE_PARTS` is the folder, `LOADLINE_HIDE_PARTS` and `LOADLINE_REQUIRE_PARTS` are lists of ids. */
export function partsEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): PartsEnvironment {
  const cache = variables["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return {
    partsDir: variables["LOADLINE_PARTS"] ?? join(cache, "loadline/parts"),
    hidden: listed(variables["LOADLINE_HIDE_PARTS"]),
    required: listed(variables["LOADLINE_REQUIRE_PARTS"]),
    run: runCommand,
  };
}

import type { ValidationDeps } from "@loadline/validator";
import { buildNamed } from "./built-from.ts";
import { loadReporters } from "./reporters.ts";
import { runsDirOf } from "./show-run.ts";
import { toolVersion } from "./version.ts";
import type { VerbContext } from "./verbs/verb.ts";

/** What a run is made with whose progress its verb shows itself. @throws LL_CONSOLE_ASSETS */
export async function runDepsOf(
  context: Pick<VerbContext, "host" | "args" | "stateDir">,
  signal: AbortSignal,
): Promise<ValidationDeps & { readonly reproduce: readonly string[] }> {
  const { host } = context;
  return {
    clock: host.clock,
    random: host.random,
    runsDir: runsDirOf(context),
    toolVersion,
    ...buildNamed(),
    reporters: await loadReporters(),
    onProgress: () => undefined,
    signal,
    reproduce: ["loadline", ...host.argv],
  };
}

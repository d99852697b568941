import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { runStage } from "./validate.ts";
import type { VerbContext } from "./verb.ts";

/** The probe stage of a plan, or the containers of a compose file. */
export async function runProbe(context: VerbContext): Promise<ExitCode> {
  const { args } = context;
  if (args.positionals[0] === "compose") {
    return (await import("./probe-compose.ts")).runProbeCompose(context);
  }
  const lone = ["engine", "project"].find((name) => args.text(name) !== undefined);
  if (lone !== undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", `--${lone} is of probe compose FILE.`);
  }
  return await runStage("probe")(context);
}

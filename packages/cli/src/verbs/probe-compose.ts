import { dirname, resolve } from "node:path";
import type { ClaimVerdict } from "@loadline/contract";
import { composeProject, parsePlanFile } from "@loadline/validator";
import { signersOf, withDemandsOf, withWaivers } from "../accepted.ts";
import type { Args } from "../args.ts";
import { cliErrors } from "../errors.ts";
import type { WantedPlan } from "../plan-options.ts";
import type { CliHost, ExitCode } from "../process/host.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { readText } from "./plan-compose.ts";
import { runWanted } from "./validate.ts";
import type { VerbContext } from "./verb.ts";

const service = "compose";
const namedMax = 10;
/** What says something of a plan that is not made of the file. */
const ofOtherPlans = ["plan", "target", "api-key-env", "model", "profile", "skip", "resume"];

/** The plan that looks at the containers of a compose file; what it leaves out goes to stderr. */
function planOf(host: CliHost, args: Args, path: string): WantedPlan {
  const at = resolve(host.cwd, path);
  const { notes, project, ...asked } = composeProject(readText(at, path), dirname(at));
  for (const note of notes) host.stderr.write(`${cleanText(note)}\n`);
  const own = {
    kind: "compose",
    project: args.text("project") ?? host.env["COMPOSE_PROJECT_NAME"] ?? project,
    ...asked,
    engine: args.text("engine") ?? "docker",
  };
  const text = JSON.stringify({
    stack: { name: own.project, services: { [service]: own } },
  });
  const parsed = parsePlanFile(text);
  if (!parsed.ok) {
    const said = parsed.problems.map((one) => `${one.path}: ${one.message}`).join("; ");
    throw cliErrors.make("LL_CLI_FILE", `${path}: ${said}.`);
  }
  return { plan: parsed.plan, planText: text, file: parsed.file };
}

/** `+ healthy  7 of 7`, and each service that is not by its name. */
function countLines(claims: readonly ClaimVerdict[]): string[] {
  return ["healthy", "logs"].flatMap((check) => {
    const claim = claims.find(({ id }) => id === `stack.${service}.${check}`);
    if (claim === undefined) return [];
    const { parts } = claim;
    const open = parts.filter(({ verdict }) => verdict !== "passed");
    const title = check === "logs" ? "logs clean" : check;
    const count = `${title.padEnd(11)}${parts.length - open.length} of ${parts.length}`;
    const named = open
      .slice(0, namedMax)
      .map(({ part, verdict, sentence }) => `  ${cleanText(`${part}: ${verdict}, ${sentence}`)}`);
    const more = open.length > namedMax ? [`  and ${open.length - namedMax} more`] : [];
    return [count, ...named, ...more];
  });
}

/** Asks the engine of this machine for each service of a compose file: healthy, and its log clean. */
export async function runProbeCompose(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  const [, path] = args.positionals;
  if (path === undefined) {
    throw cliErrors.make("LL_CLI_ARGUMENT", "Give the compose file: probe compose FILE.");
  }
  const other = ofOtherPlans.find((name) => args.text(name) !== undefined);
  if (other !== undefined) {
    const message = `probe compose makes its own plan of the file; leave --${other} out.`;
    throw cliErrors.make("LL_CLI_ARGUMENT", message);
  }
  const given = planOf(host, args, path);
  const accepted = { ...given, plan: withWaivers(host, args, given, undefined) };
  const wanted = { ...accepted, plan: withDemandsOf(host, args, accepted, undefined) };
  const signers = signersOf(host, args, wanted.file);
  const result = await runWanted(context, { verb: "probe compose", wanted, signers });
  if (!json) host.stdout.write(`${countLines(result.verdict.claims).join("\n")}\n`);
  return result.exitCode;
}

import { type GatewayConfig, loadConfig, openIdentityServices } from "@loadline/gateway";
import type { OpenedServices } from "@loadline/gateway";
import { cliErrors } from "../errors.ts";
import type { ExitCode } from "../process/host.ts";
import { serveConfig } from "./serve.ts";
import type { VerbContext } from "./verb.ts";

/** What a subcommand prints: one document with --json, else lines. */
export interface Answer {
  readonly document: unknown;
  readonly lines: readonly string[];
  readonly exit?: ExitCode;
}

/** Runs a subcommand on the store's keys, users and roles, and prints its answer. */
export async function onIdentityStore(
  context: VerbContext,
  run: (services: OpenedServices) => Promise<Answer>,
): Promise<ExitCode> {
  const { host, json } = context;
  const config = await storeConfig(context);
  await using services = await openIdentityServices(config, host);
  const answer = await run(services);
  const text = json ? JSON.stringify(answer.document) : answer.lines.join("\n");
  host.stdout.write(`${text}\n`);
  return answer.exit ?? 0;
}

/** The positional at `index`; LL_CLI_ARGUMENT names what is missing. */
export function needed({ args }: VerbContext, index: number, name: string): string {
  const value = args.positionals[index];
  if (value !== undefined) return value;
  throw cliErrors.make("LL_CLI_ARGUMENT", `${args.positionals[0] ?? ""} needs ${name}.`);
}

/** Refuses the argument after a subcommand that takes none. @throws LL_CLI_ARGUMENT */
export function takesNone({ args }: VerbContext): void {
  const [what = "", extra] = args.positionals;
  if (extra === undefined) return;
  throw cliErrors.make("LL_CLI_ARGUMENT", `${what} takes no "${extra}".`);
}

/** The configuration that names the store: that of `--config`, else of the state directory. */
export async function storeConfig(context: VerbContext): Promise<GatewayConfig> {
  const { host, args, stateDir } = context;
  if (args.text("config") !== undefined) return serveConfig(context);
  return loadConfig(undefined, host.env, { stateDir });
}

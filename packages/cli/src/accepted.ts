import { dirname, resolve } from "node:path";
import { type RunPlan, type Signer, useNames } from "@loadline/contract";
import { meant } from "@loadline/kit/nearest";
import {
  loadGates,
  loadSigners,
  loadWaivers,
  type PlanFile,
  signingOfRun,
} from "@loadline/validator";
import type { Args } from "./args.ts";
import { cliErrors } from "./errors.ts";
import type { CliHost } from "./process/host.ts";

interface Given {
  readonly plan: RunPlan;
  readonly file?: PlanFile;
}

/** Paths in a plan file are from its folder, those of flags from where the command was typed. */
function folderOf(host: CliHost, planPath: string | undefined): string {
  return planPath === undefined ? host.cwd : dirname(resolve(host.cwd, planPath));
}

/** The plan with the waivers of `--waivers FILE`, else of its key. @throws LL_WAIVER_FILE */
export function withWaivers(
  host: CliHost,
  args: Args,
  given: Given,
  planPath: string | undefined,
): RunPlan {
  const flag = args.text("waivers");
  if (flag !== undefined) return loadWaivers(given.plan, resolve(host.cwd, flag));
  const key = given.file?.waivers;
  if (key === undefined) return given.plan;
  return loadWaivers(given.plan, resolve(folderOf(host, planPath), key));
}

/** A use as `--use` names it; undefined without one. @throws LL_CLI_VALUE */
export function useOf(args: Args): string | undefined {
  const flag = args.text("use");
  if (flag === undefined || useNames.some((name) => name === flag)) return flag;
  const known = `--use takes ${useNames.map((name) => `"${name}"`).join(", ")}`;
  throw cliErrors.make("LL_CLI_VALUE", `${flag}: ${known}.${meant(flag, useNames)}`);
}

/** The plan with the use and gates of the flags, else its own. @throws LL_GATE_FILE, LL_CLI_VALUE */
export function withDemandsOf(
  host: CliHost,
  args: Args,
  given: Given,
  planPath: string | undefined,
): RunPlan {
  const { plan, file } = given;
  const [use, flag] = [useOf(args), args.text("gates")];
  const named = typeof file?.gates === "string" ? file.gates : undefined;
  const inFolder = named === undefined ? undefined : resolve(folderOf(host, planPath), named);
  const path = flag === undefined ? inFolder : resolve(host.cwd, flag);
  return {
    ...plan,
    ...(use !== undefined && { use }),
    ...(path !== undefined && { gates: loadGates(path) }),
  };
}

/** Keys of `--sign-key A,B`, else those that the resumed run's own plan names. @throws LL_SIGN_KEY */
export async function signersOfResumed(
  host: CliHost,
  args: Args,
  path: string,
): Promise<readonly Signer[]> {
  const { keys, planPath } = await signingOfRun(path);
  if (args.list("sign-key").length > 0) return signersOf(host, args);
  const folder = folderOf(host, planPath ?? undefined);
  return loadSigners(keys.map((key) => resolve(folder, key)));
}

/** Keys of `--sign-key A,B`, else of `signing.keys`; read before the run. @throws LL_SIGN_KEY */
export function signersOf(host: CliHost, args: Args, file?: PlanFile): readonly Signer[] {
  const flags = args.list("sign-key").map((path) => resolve(host.cwd, path));
  if (flags.length > 0) return loadSigners(flags);
  const folder = folderOf(host, args.text("plan"));
  return loadSigners((file?.signing?.keys ?? []).map((path) => resolve(folder, path)));
}

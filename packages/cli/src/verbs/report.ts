import { join, resolve } from "node:path";
import { meant } from "@loadline/kit/nearest";
import { reRender } from "@loadline/validator";
import { bundlePath } from "../bundle-path.ts";
import { cliErrors } from "../errors.ts";
import { cleanText } from "../terminal/clean-text.ts";
import { type Format, formats, isFormat, loadReporters } from "../reporters.ts";
import type { ExitCode } from "../process/host.ts";
import { makeDirectory } from "../write-output.ts";
import type { VerbContext } from "./verb.ts";

/** Renders the views of a bundle again; reads the bundle only, sends nothing. */
export async function runReport({ host, args, stateDir, json }: VerbContext): Promise<ExitCode> {
  const wanted = args.list("format").map(parseFormat);
  const path = bundlePath(host.cwd, args.positionals[0] ?? "", stateDir);
  const outDir = resolve(host.cwd, args.text("out") ?? path);
  const reporters = await loadReporters(wanted.length === 0 ? formats : wanted);
  makeDirectory(outDir);
  const { files, failures } = await reRender(path, reporters, outDir);
  for (const failure of failures) {
    host.stderr.write(`LL_CLI_WRITE ${failure.id}: ${cleanText(failure.message)}\n`);
  }
  if (json) host.stdout.write(`${JSON.stringify({ outDir, files, failures })}\n`);
  else for (const file of files) host.stdout.write(`${join(outDir, file)}\n`);
  return failures.length === 0 ? 0 : 3;
}

function parseFormat(text: string): Format {
  if (isFormat(text)) return text;
  const known = `--format takes ${formats.join(", ")}`;
  throw cliErrors.make("LL_CLI_VALUE", `${text}: ${known}.${meant(text, formats)}`);
}

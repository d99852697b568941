import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { systemClock } from "@loadline/kit/clock";
import { parseYaml, readValue } from "../../plan/yaml-problems.ts";
import { loadErrors } from "../errors.ts";
import { compileLoad, type CompileDeps, type LoadFile } from "./compile.ts";
import { importRefused } from "../scenario/import-module.ts";
import { inspectModule } from "../scenario/inspect/inspect.ts";
import { loadBlockSchema, loadFileSchema } from "./load-schema.ts";

/** Compiles the text of a YAML plan; `shown` names it in messages. Rejects as `compileLoad` does. */
export async function compileLoadText(
  text: string,
  shown: string,
  deps: CompileDeps,
): Promise<LoadFile> {
  const parsed = parseYaml(text, loadFileSchema);
  if (!parsed.ok) {
    const lines = parsed.problems.map(
      (p) => `${p.path === "" ? "plan" : p.path}: ${p.message} (${shown}:${p.line})`,
    );
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", lines.join("\n"));
  }
  const { data, lineAt } = parsed;
  return await compileLoad(data.load, deps, (path) => `${shown}:${lineAt(path)}`);
}

/**
 * Reads and compiles a load plan's file, YAML or TypeScript. Rejects with LL_LOAD_PLAN_FILE when it
 * cannot be read, else as `compileLoad` does.
 */
export async function readLoadFile(
  path: string,
  deps: Omit<CompileDeps, "folder">,
): Promise<LoadFile> {
  const folder = dirname(resolve(path));
  if (moduleFile.test(path))
    return await readModulePlan(`./${basename(path)}`, { ...deps, folder });
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw loadErrors.make("LL_LOAD_PLAN_FILE", `${path}: ${why}.`, { cause });
  });
  return await compileLoadText(text, path, { ...deps, folder });
}

const moduleFile = /\.(?:ts|mts|js|mjs)$/;

/** A plan that a module exports as `load`. */
async function readModulePlan(file: string, deps: CompileDeps): Promise<LoadFile> {
  const { definitions } = await inspectModule(deps.folder, file, deps.clock ?? systemClock());
  const value = definitions["load"];
  if (value === undefined) throw importRefused(file, "exports no plan called `load`");
  const read = readValue(loadBlockSchema, value);
  if (read.ok) return await compileLoad(read.data, deps, () => file);
  const lines = read.problems.map((p) => `load.${p.path}: ${p.message} (${file})`);
  throw loadErrors.make("LL_LOAD_PLAN_INVALID", lines.join("\n"));
}

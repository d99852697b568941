import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { type Clock, systemClock } from "@loadline/kit/clock";
import { parseYaml, readValue } from "../../plan/yaml-problems.ts";
import { loadErrors } from "../errors.ts";
import { compileLoad, type CompileDeps, type LoadFile } from "./compile.ts";
import { importRefused } from "../scenario/import-module.ts";
import { inspectModule } from "../scenario/inspect/inspect.ts";
import { type LoadBlock, loadBlockSchema, loadFileSchema } from "./load-schema.ts";

/** The `load` of a plan's file, and where in it a path stands. */
export interface LoadSource {
  readonly block: LoadBlock;
  readonly at: (path: readonly PropertyKey[]) => string;
}

/** Reads a plan's YAML; `shown` names it in messages. @throws LL_LOAD_PLAN_INVALID */
function readYamlPlan(text: string, shown: string): LoadSource {
  const parsed = parseYaml(text, loadFileSchema);
  if (!parsed.ok) {
    const lines = parsed.problems.map(
      (p) => `${p.path === "" ? "plan" : p.path}: ${p.message} (${shown}:${p.line})`,
    );
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", lines.join("\n"));
  }
  const { data, lineAt } = parsed;
  return { block: data.load, at: (path) => `${shown}:${lineAt(path)}` };
}

/**
 * The plan of a file: what a module exports as `load`, else its text. Rejects with
 * LL_LOAD_PLAN_INVALID or LL_LOAD_SCENARIO_IMPORT.
 */
export async function readLoadSource(
  text: string,
  o: { readonly path: string; readonly clock: Clock },
): Promise<LoadSource> {
  if (!isModulePlan(o.path)) return readYamlPlan(text, o.path);
  const folder = dirname(resolve(o.path));
  return await readModulePlan(`./${basename(o.path)}`, { folder, clock: o.clock });
}

/** Compiles the text of a YAML plan; `shown` names it in messages. Rejects as `compileLoad` does. */
export async function compileLoadText(
  text: string,
  shown: string,
  deps: CompileDeps,
): Promise<LoadFile> {
  const { block, at } = readYamlPlan(text, shown);
  return await compileLoad(block, deps, at);
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
  if (isModulePlan(path)) {
    const { clock = systemClock() } = deps;
    const { block, at } = await readModulePlan(`./${basename(path)}`, { folder, clock });
    return await compileLoad(block, { ...deps, folder }, at);
  }
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw loadErrors.make("LL_LOAD_PLAN_FILE", `${path}: ${why}.`, { cause });
  });
  return await compileLoadText(text, path, { ...deps, folder });
}

/** Whether a plan's file is a module that exports it, and no text. */
export function isModulePlan(path: string): boolean {
  return /\.(?:ts|mts|js|mjs)$/.test(path);
}

/** A plan that a module exports as `load`. */
async function readModulePlan(
  file: string,
  { folder, clock }: { readonly folder: string; readonly clock: Clock },
): Promise<LoadSource> {
  const { definitions } = await inspectModule(folder, file, clock);
  const value = definitions["load"];
  if (value === undefined) throw importRefused(file, "exports no plan called `load`");
  const read = readValue(loadBlockSchema, value);
  if (read.ok) return { block: read.data, at: () => file };
  const lines = read.problems.map((p) => `load.${p.path}: ${p.message} (${file})`);
  throw loadErrors.make("LL_LOAD_PLAN_INVALID", lines.join("\n"));
}

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseYaml } from "../../plan/yaml-problems.ts";
import { loadErrors } from "../errors.ts";
import { compileLoad, type CompileDeps, type LoadFile } from "./compile.ts";
import { loadFileSchema } from "./load-schema.ts";

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

/** Reads and compiles a load plan's file. Rejects as `compileLoad` does. */
export async function readLoadFile(
  path: string,
  deps: Omit<CompileDeps, "folder">,
): Promise<LoadFile> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw loadErrors.make("LL_LOAD_PLAN_INVALID", `${path}: ${why}.`, { cause });
  });
  return await compileLoadText(text, path, { ...deps, folder: dirname(resolve(path)) });
}

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { loadErrors } from "../errors.ts";

/** Which export of which file. */
export interface WantedExport {
  /** Absolute. */
  readonly folder: string;
  /** Relative to it. */
  readonly file: string;
  readonly export: string;
}

/** A function of a scenario's module; what it returns is not known. */
export type ModuleFunction = (...given: readonly unknown[]) => unknown;

/** LL_LOAD_SCENARIO_IMPORT for a file, with what is wrong. */
export function importRefused(file: string, what: string, cause?: unknown): Error {
  return loadErrors.make("LL_LOAD_SCENARIO_IMPORT", `${file}: ${what}.`, { cause });
}

/** Imports a module. Rejects with LL_LOAD_SCENARIO_IMPORT when it throws. */
export async function importModule(folder: string, file: string): Promise<object> {
  try {
    const module: unknown = await import(pathToFileURL(resolve(folder, file)).href);
    return typeof module === "object" && module !== null ? module : {};
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw importRefused(file, `throws when it is imported: ${why}`, cause);
  }
}

/** A function a module exports. Rejects with LL_LOAD_SCENARIO_IMPORT when it is not there. */
export async function importExport(wanted: WantedExport): Promise<ModuleFunction> {
  const module = await importModule(wanted.folder, wanted.file);
  const found: unknown = Reflect.get(module, wanted.export);
  if (isFunction(found)) return found;
  const names = Object.keys(module).join(", ");
  throw importRefused(
    wanted.file,
    `exports no function ${wanted.export}, but ${names === "" ? "nothing" : names}`,
  );
}

export function isFunction(value: unknown): value is ModuleFunction {
  return typeof value === "function";
}

import { isRecord } from "@loadline/kit/json";
import { environmentValues, variableName } from "./environment.ts";
import { type ConfigValues, type Environment, pathText, readConfigFile } from "./load.ts";
import type { GatewayConfig } from "./schema.ts";
import { Secret } from "./values.ts";

/** One value in force and where it came from. */
export interface ConfigRow {
  /** Such as `listen.port`. */
  readonly key: string;
  /** A secret shows itself as `***`. */
  readonly value: unknown;
  /** `default`, `file:LINE`, the name of a variable, or `override`. */
  readonly source: string;
}

type Path = readonly string[];

/** Every value in force with its source, in the order of the schema. Throws LL_CONFIG_* as `loadConfig`. */
export function configRows(
  config: GatewayConfig,
  o: { path: string | undefined; env: Environment; overrides: ConfigValues },
): ConfigRow[] {
  const file = o.path === undefined ? undefined : readConfigFile(o.path);
  const environment = environmentValues(o.env);
  const sourceOf = (path: Path): string => {
    if (sets(o.overrides, path)) return "override";
    if (sets(environment, path)) return variableName(path);
    if (file !== undefined && sets(file.values, path)) return `file:${file.lineOf(path) ?? 1}`;
    // A target that names no transport has the one of all.
    const [section, , key] = path;
    const isUsual = section === "targets" && key === "transport" && path.length === 3;
    return isUsual ? sourceOf([key]) : "default";
  };
  return leavesOf(config, []).map(({ path, value }) => {
    return { key: pathText(path), value, source: sourceOf(path) };
  });
}

/** Whether a layer decides the value at a path; a value that is no map decides all below it. */
function sets(layer: unknown, path: Path): boolean {
  let at = layer;
  for (const part of path) {
    if (!isRecord(at)) return at !== undefined;
    if (!Object.hasOwn(at, part)) return false;
    at = at[part];
  }
  return at !== undefined;
}

function leavesOf(value: unknown, path: Path): { path: Path; value: unknown }[] {
  const isMap = isRecord(value) && !(value instanceof Secret) && Object.keys(value).length > 0;
  if (!isMap) return [{ path, value }];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}

import { isRecord } from "@loadline/kit/json";
import { readFileSync } from "node:fs";
import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import { codeOf } from "@loadline/kit/errors";
import { type GatewayErrorCode, gatewayErrors } from "../errors.ts";
import { checkConfig, type ConfigProblem } from "./check.ts";
import { environmentValues } from "./environment.ts";
import type { GatewayConfig } from "./schema.ts";
import { resolveSecrets } from "./secrets.ts";
import { valuesOf } from "./yaml-values.ts";

export type Environment = Readonly<Record<string, string | undefined>>;
export type ConfigValues = { readonly [key: string]: unknown };

const fileBytesMax = 1024 * 1024;

/**
 * Defaults < file < environment `LOADLINE_*` < overrides, checked strictly. Throws one error with
 * exit 78 whose message names key path, nearest key and line.
 */
export function loadConfig(
  path: string | undefined,
  env: Environment,
  overrides: ConfigValues = {},
): GatewayConfig {
  const file = path === undefined ? undefined : readConfigFile(path);
  const layers = [file?.values ?? {}, environmentValues(env), overrides];
  const merged = layers.reduce<ConfigValues>(merge, {});
  const problems: ConfigProblem[] = [];
  const resolved = resolveSecrets(merged, env, problems);
  const config = problems.length === 0 ? checkConfig(resolved, problems) : undefined;
  if (config) return config;
  throw problemError(problems[0], file);
}

/** A configuration file as it is written. */
export interface ConfigFile {
  readonly path: string;
  readonly values: ConfigValues;
  /** Line of the deepest part of a path that the file has. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** Reads a file without checking its values. Throws LL_CONFIG_FILE, _SYNTAX or _UNKNOWN_KEY. */
export function readConfigFile(path: string): ConfigFile {
  const text = readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const value = valuesOf(document, lines, path);
  if (value !== null && !isRecord(value))
    throw gatewayErrors.make("LL_CONFIG_SYNTAX", `The file is not a map of keys. (${path}:1)`);
  return { path, values: value ?? {}, lineOf: (keys) => lineOf(document, lines, keys) };
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= fileBytesMax) return bytes.toString("utf8");
  } catch (cause) {
    const reason = codeOf(cause, "unreadable");
    throw gatewayErrors.make("LL_CONFIG_FILE", `${path} cannot be read (${reason}).`, { cause });
  }
  throw gatewayErrors.make("LL_CONFIG_FILE", `${path} is over ${fileBytesMax} bytes.`);
}

/** Line of the deepest part of the path that the file has. */
function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const parent: unknown =
      depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    if (!isMap(parent)) continue;
    const pair = parent.items.find((item) => String(item.key) === String(path[depth - 1]));
    const key: unknown = pair?.key;
    if (isRecord(key) && Array.isArray(key["range"]))
      return lines.linePos(Number(key["range"][0])).line;
  }
  return undefined;
}

function problemError(problem: ConfigProblem | undefined, file: ConfigFile | undefined): Error {
  const path = problem?.path ?? [];
  const line = file?.lineOf(path);
  const where = file && line !== undefined ? ` (${file.path}:${line})` : "";
  const code: GatewayErrorCode = problem?.code ?? "LL_CONFIG_INVALID";
  return gatewayErrors.make(
    code,
    `${pathText(path)}: ${problem?.message ?? "not allowed."}${where}`,
  );
}

/** `routes.chat.groups[0].strategy`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function merge(low: ConfigValues, high: ConfigValues): ConfigValues {
  const out: Record<string, unknown> = { ...low };
  for (const [key, value] of Object.entries(high)) {
    const below = out[key];
    if (value !== undefined)
      out[key] = isPlain(below) && isPlain(value) ? merge(below, value) : value;
  }
  return out;
}

function isPlain(value: unknown): value is ConfigValues {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}

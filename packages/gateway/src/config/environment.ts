import type { ConfigValues, Environment } from "./load.ts";

/** Keys that the environment may set; the variable is `LOADLINE_` and the path in capitals. */
const settable = [
  ["profile"],
  ["env"],
  ["stateDir"],
  ["stores", "sql"],
  ["listen", "host"],
  ["listen", "port"],
  ["http", "bodyBytesMax"],
  ["http", "headBytesMax"],
  ["http", "head"],
  ["http", "request"],
  ["http", "keepAlive"],
  ["http", "connectionsMax"],
  ["auth", "required"],
  ["auth", "staleGrace"],
  ["drain", "accept"],
  ["drain", "grace"],
  ["log", "level"],
] as const;

const integerPattern = /^\d{1,12}$/;

/** `listen.port` -> `LOADLINE_LISTEN_PORT`, `stateDir` -> `LOADLINE_STATE_DIR`. */
export function variableName(path: readonly string[]): string {
  const words = path.map((part) => part.replaceAll(/[A-Z]/g, "_$&").toUpperCase());
  return `LOADLINE_${words.join("_")}`;
}

/** Every variable that is read, with the key it sets. */
export function environmentVariables(): readonly { key: string; variable: string }[] {
  return settable.map((path) => ({ key: path.join("."), variable: variableName(path) }));
}

/** The values the environment sets; empty variables count as unset. */
export function environmentValues(env: Environment): ConfigValues {
  const values: Record<string, unknown> = {};
  for (const path of settable) {
    const text = env[variableName(path)];
    if (text === undefined || text === "") continue;
    const [area, key] = path;
    if (key === undefined) values[area] = text;
    else values[area] = { ...asRecord(values[area]), [key]: valueOf(text) };
  }
  return values;
}

function valueOf(text: string): unknown {
  if (integerPattern.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  return text;
}

function asRecord(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

import { isRecord } from "@loadline/kit/json";

/**
 * A definition as plain data: functions become references to where they are, so that each worker
 * finds them in its own import. `export/part` means a part of the scenario's mix.
 */
export function definitionOf(definition: object, file: string, name: string): unknown {
  return toData(definition, [], (path) => {
    const [top, , at, part] = path;
    if (top === "scenarios") return at === "mix" ? `${file}#${name}/${part}` : `${file}#${name}`;
    return `${file}#${name}/${path.join(".")}`;
  });
}

function toData(
  value: unknown,
  path: readonly string[],
  refer: (path: readonly string[]) => string,
): unknown {
  if (typeof value === "function") return refer(path);
  if (Array.isArray(value))
    return value.map((item: unknown, i) => toData(item, [...path, `${i}`], refer));
  if (!isRecord(value)) return isPlain(value) ? value : String(value);
  const data: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) data[key] = toData(member, [...path, key], refer);
  }
  return data;
}

const isPlain = (value: unknown): boolean =>
  value === null || ["string", "number", "boolean", "undefined"].includes(typeof value);

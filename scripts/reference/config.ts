import { z } from "zod";
import {
  configSchema,
  environmentVariables,
  targetSchemas,
} from "../../packages/gateway/src/index.ts";
import { code, page, table } from "./markdown.ts";

export interface ConfigRow {
  readonly key: string;
  readonly type: string;
  readonly standard: string;
  readonly meaning: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The type of a JSON Schema node in words, with its bounds. */
function typeOf(node: Record<string, unknown>): string {
  const choices = list(node["enum"]);
  if (choices.length > 0) return choices.map((choice) => JSON.stringify(choice)).join(", ");
  if ("const" in node) return JSON.stringify(node["const"]);
  const any = list(node["anyOf"]).filter(isRecord);
  if (any.length > 0) return any.map(typeOf).join(" or ");
  const least = node["minimum"] ?? node["minLength"] ?? node["minItems"];
  const most = node["maximum"] ?? node["maxLength"] ?? node["maxItems"];
  const bound = (value: unknown): string => (typeof value === "number" ? String(value) : "");
  const range = least === undefined && most === undefined ? "" : ` ${bound(least)}..${bound(most)}`;
  const own = typeof node["type"] === "string" ? [node["type"]] : list(node["type"]);
  return `${own.length === 0 ? "any" : own.join(" or ")}${range}`;
}

/** One row per key below `node`; `<name>` stands for a name the file chooses, `[]` for an item. */
export function configRows(node: unknown, prefix = ""): ConfigRow[] {
  if (!isRecord(node)) return [];
  const properties = isRecord(node["properties"]) ? Object.entries(node["properties"]) : [];
  const below = properties.flatMap(([name, child]) =>
    configRows(child, prefix === "" ? name : `${prefix}.${name}`),
  );
  const named = configRows(node["additionalProperties"], `${prefix}.<name>`);
  const items = isRecord(node["items"]) ? configRows(node["items"], `${prefix}[]`) : [];
  // A key that may be a word or a map has the keys of the map below it.
  const shapes = list(node["anyOf"]).flatMap((shape) =>
    configRows(shape, prefix).filter((row) => row.key !== prefix),
  );
  const isPlain = isRecord(node["items"]) && !isRecord(node["items"]["properties"]);
  const children = [...below, ...named, ...(isPlain ? [] : items), ...shapes];
  const meaning = typeof node["description"] === "string" ? node["description"] : "";
  if (prefix === "" || (children.length > 0 && meaning === "")) return children;
  const standard = "default" in node ? JSON.stringify(node["default"]) : "";
  return [{ key: prefix, type: typeOf(node), standard, meaning }, ...children];
}

/** The keys of a schema as a table. */
function keyTable(schema: z.ZodType): string {
  const rowsFor = (io: "input" | "output"): ConfigRow[] =>
    configRows(z.toJSONSchema(schema, { io, unrepresentable: "any" }));
  const parsed = new Map(rowsFor("output").map((row) => [row.key, row]));
  // A duration may be written in two ways; its bounds and default are those of the parsed number.
  const rows = rowsFor("input").map((row) => {
    const after = parsed.get(row.key);
    if (row.type !== "number or string" || after === undefined) return row;
    return { ...row, type: after.type.replace("number", "duration"), standard: after.standard };
  });
  return table(
    ["key", "type", "default", "meaning"],
    rows.map((row) => [
      code(row.key),
      row.type,
      row.standard === "" ? "" : code(row.standard),
      row.meaning,
    ]),
  );
}

export function configPage(): string {
  const variables = environmentVariables().map(({ key, variable }) => [code(variable), code(key)]);
  return page(
    "Configuration of the gateway",
    "The keys of `loadline.yaml`. An unknown key is an error. A duration is a number of " +
      'milliseconds or a text such as "250ms", "2s" or "5m". The environment, with variables such ' +
      "as `LOADLINE_LISTEN_PORT`, wins over the file, and a flag wins over both.",
    keyTable(configSchema),
    "## Targets\n\nThe keys of `targets.<name>` by its `provider`.",
    ...targetSchemas().flatMap(({ id, summary, schema }) => [
      `### ${id}\n\n${summary}`,
      keyTable(schema),
    ]),
    "## Environment\n\nA variable that is set to something wins over the key of the file.",
    table(["variable", "key"], variables),
  );
}

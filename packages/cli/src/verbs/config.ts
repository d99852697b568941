import {
  type ConfigRow,
  configRows,
  configSchema,
  type GatewayConfig,
  readTls,
  targetSchemas,
  configWarnings,
} from "@loadline/gateway";
import { serveConfig, serveLayers } from "./serve.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

/** Where a secret may stand, a file has its reference: its resolved form is nothing a file holds. */
const schemaOptions = {
  io: "input",
  unrepresentable: "any",
  override: ({ zodSchema, jsonSchema }) => {
    if (zodSchema._zod.def.type === "custom") jsonSchema.type = "string";
  },
} as const satisfies Parameters<typeof configSchema.toJSONSchema>[0];

/** With what a target of each provider may hold, which the one schema leaves to them. */
function configJsonSchema() {
  const document = configSchema.toJSONSchema(schemaOptions);
  const targets = document.properties?.["targets"];
  const anyOf = targetSchemas().map(({ schema }) => {
    const { $schema: _, ...own } = schema.toJSONSchema(schemaOptions);
    return own;
  });
  if (typeof targets === "object") targets.additionalProperties = { anyOf };
  return document;
}

/** Values in force; what no file and no variable sets is a flag's, or built into the command. */
function sourcedRows(context: VerbContext, config: GatewayConfig): readonly ConfigRow[] {
  const { path, overrides } = serveLayers(context);
  const { LOADLINE_STATE_DIR: directory = "" } = context.host.env;
  const isFlag = (key: string): boolean =>
    path !== undefined ||
    context.args.text(key === "stateDir" ? "state" : lastOf(key)) !== undefined;
  return configRows(config, { path, env: context.host.env, overrides }).map((row) => {
    if (row.source !== "override") return row;
    if (isFlag(row.key)) return { ...row, source: "flag" };
    const isGiven = row.key === "stateDir" && directory !== "";
    return { ...row, source: isGiven ? "LOADLINE_STATE_DIR" : "built in" };
  });
}

const lastOf = (key: string): string => key.slice(key.lastIndexOf(".") + 1);

/** One value a line, its source before it: what was set is found by looking for no `default`. */
function rowsText(rows: readonly ConfigRow[]): string {
  const width = Math.max(...rows.map(({ source }) => source.length));
  return rows
    .map(({ key, value, source }) => `${source.padEnd(width)}  ${key} = ${JSON.stringify(value)}`)
    .join("\n");
}

/** `check` refuses a bad file, also of `tls`, with exit 78 and warns, `schema` prints JSON Schema, `show` the values with their sources. */
export async function runConfig(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  if (args.positionals[0] === "schema") {
    host.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return 0;
  }
  const config = await serveConfig(context);
  if (args.positionals[0] === "show") {
    const rows = sourcedRows(context, config);
    // A secret prints itself as `***`.
    const sources = Object.fromEntries(rows.map(({ key, source }) => [key, source]));
    const text = json ? JSON.stringify({ values: config, sources }, null, 2) : rowsText(rows);
    host.stdout.write(`${text}\n`);
    return 0;
  }
  readTls(config, host.clock);
  const count = (of: object, one: string): string => {
    const n = Object.keys(of).length;
    return `${n} ${one}${n === 1 ? "" : "s"}`;
  };
  const counts = `${count(config.targets, "target")}, ${count(config.routes, "route")}`;
  const warnings = configWarnings(config);
  const lines = [
    `the configuration holds: ${counts}`,
    ...warnings.map((text) => `warning: ${text}`),
  ];
  host.stdout.write(json ? `${JSON.stringify({ ok: true, warnings })}\n` : `${lines.join("\n")}\n`);
  return 0;
}

import { configSchema, readTls, routingWarnings } from "@loadline/gateway";
import { serveConfig } from "./serve.ts";
import type { ExitCode } from "../process/host.ts";
import type { VerbContext } from "./verb.ts";

/** Where a secret may stand, a file has its reference: its resolved form is nothing a file holds. */
function configJsonSchema() {
  return configSchema.toJSONSchema({
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === "custom") jsonSchema.type = "string";
    },
  });
}

/** `check` refuses a bad file, also of `tls`, with exit 78 and warns, `schema` prints JSON Schema, `show` the values. */
export async function runConfig(context: VerbContext): Promise<ExitCode> {
  const { host, args, json } = context;
  if (args.positionals[0] === "schema") {
    host.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return 0;
  }
  const config = await serveConfig(context);
  if (args.positionals[0] === "show") {
    // A secret prints itself as `***`.
    host.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
    return 0;
  }
  readTls(config, host.clock);
  const counts = `${Object.keys(config.targets).length} targets, ${Object.keys(config.routes).length} routes`;
  const warnings = routingWarnings(config);
  const lines = [
    `the configuration holds: ${counts}`,
    ...warnings.map((text) => `warning: ${text}`),
  ];
  host.stdout.write(json ? `${JSON.stringify({ ok: true, warnings })}\n` : `${lines.join("\n")}\n`);
  return 0;
}

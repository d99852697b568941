import { isRecord } from "@loadline/kit/json";
import { meant } from "@loadline/kit/nearest";
import type { z } from "zod";
import type { GatewayErrorCode } from "../errors.ts";
import { findProvider } from "../providers/index.ts";
import { targetRoutingConfig } from "../routing/config.ts";
import { productionProblems } from "./production.ts";
import { configSchema, type GatewayConfig } from "./schema.ts";

export interface ConfigProblem {
  readonly code: GatewayErrorCode;
  readonly path: readonly PropertyKey[];
  /** A sentence. */
  readonly message: string;
}

/** The configuration when it is free of problems; otherwise they are added to `problems`. */
export function checkConfig(value: unknown, problems: ConfigProblem[]): GatewayConfig | undefined {
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => problemOf(issue, [], configSchema)));
    return undefined;
  }
  const config = parsed.data;
  const targets: GatewayConfig["targets"] = {};
  for (const [name, target] of Object.entries(config.targets)) {
    const provider = findProvider(target.provider);
    const path = ["targets", name];
    const schema = provider?.schema.extend(targetRoutingConfig.shape);
    const result = schema?.safeParse(target);
    if (!result?.success || !provider) {
      const issues = result?.error?.issues ?? [];
      problems.push(...issues.map((issue) => problemOf(issue, path, schema)));
      continue;
    }
    if (config.profile === "production" && !provider.production)
      problems.push(invalid([...path, "provider"], `${provider.id} is refused in production.`));
    targets[name] = { ...result.data, provider: provider.id };
  }
  checkRoutes(config, problems);
  problems.push(...productionProblems({ ...config, targets }));
  return problems.length === 0 ? { ...config, targets } : undefined;
}

function checkRoutes(config: GatewayConfig, problems: ConfigProblem[]): void {
  const servedBy = new Map<string, string>();
  for (const [name, route] of Object.entries(config.routes)) {
    route.models.forEach((model, i) => {
      const other = servedBy.get(model);
      if (other !== undefined) {
        const message = `${JSON.stringify(model)} is already served by route ${other}.`;
        problems.push(invalid(["routes", name, "models", i], message));
      }
      servedBy.set(model, name);
    });
    route.groups.forEach((group, g) =>
      group.targets.forEach((target, t) => {
        if (Object.hasOwn(config.targets, target)) return;
        const hint = meant(target, Object.keys(config.targets));
        const path = ["routes", name, "groups", g, "targets", t];
        problems.push(invalid(path, `there is no target ${JSON.stringify(target)}.${hint}`));
      }),
    );
  }
}

function problemOf(
  issue: z.core.$ZodIssue,
  prefix: readonly PropertyKey[],
  schema: z.ZodType | undefined,
): ConfigProblem {
  const path = [...prefix, ...issue.path];
  if (issue.code !== "unrecognized_keys") return invalid(path, `${issue.message}.`);
  const key = issue.keys[0] ?? "";
  const hint = meant(key, keysAt(schema, issue.path));
  return { code: "LL_CONFIG_UNKNOWN_KEY", path: [...path, key], message: `unknown key.${hint}` };
}

function invalid(path: readonly PropertyKey[], message: string): ConfigProblem {
  return { code: "LL_CONFIG_INVALID", path, message };
}

/** The keys that the schema has at a path. */
function keysAt(schema: z.ZodType | undefined, path: readonly PropertyKey[]): readonly string[] {
  let at: unknown = schema?.toJSONSchema({ io: "input", unrepresentable: "any" });
  for (const part of path) {
    if (!isRecord(at)) return [];
    const properties = at["properties"];
    if (typeof part === "number") at = at["items"];
    else if (isRecord(properties) && part in properties) at = properties[String(part)];
    else at = at["additionalProperties"];
  }
  return isRecord(at) && isRecord(at["properties"]) ? Object.keys(at["properties"]) : [];
}

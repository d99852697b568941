import { isRecord } from "@loadline/kit/json";
import { meant } from "@loadline/kit/nearest";
import type { z } from "zod";
import type { GatewayErrorCode } from "../errors.ts";
import { findProvider } from "../providers/index.ts";
import { transportProblem } from "../providers/transport.ts";
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
    problems.push(
      ...misspeltFirst(parsed.error.issues).map((issue) => problemOf(issue, [], configSchema)),
    );
    return undefined;
  }
  const config = parsed.data;
  const targets: GatewayConfig["targets"] = {};
  for (const [name, target] of Object.entries(config.targets)) {
    const checked = checkTarget(name, target, { config, problems });
    if (checked) targets[name] = checked;
  }
  checkRoutes(config, problems);
  problems.push(...productionProblems({ ...config, targets }));
  return problems.length === 0 ? { ...config, targets } : undefined;
}

type TargetSettings = GatewayConfig["targets"][string];

/** A target's settings by its provider's schema; undefined: they are problems. */
function checkTarget(
  name: string,
  target: TargetSettings,
  { config, problems }: { readonly config: GatewayConfig; readonly problems: ConfigProblem[] },
): TargetSettings | undefined {
  const provider = findProvider(target.provider);
  const path = ["targets", name];
  if (!provider) return undefined;
  const schema = provider.schema.extend(targetRoutingConfig.shape);
  const usual = "transport" in provider.schema.shape ? { transport: config.transport } : {};
  const result = schema.safeParse({ ...usual, ...target });
  if (!result.success) {
    problems.push(
      ...misspeltFirst(result.error.issues).map((issue) => problemOf(issue, path, schema)),
    );
    return undefined;
  }
  if (config.profile === "production" && !provider.production)
    problems.push(invalid([...path, "provider"], `${provider.id} is refused in production.`));
  const problem = transportProblem(result.data);
  if (problem !== undefined) problems.push(invalid([...path, "transport"], problem));
  return { ...result.data, provider: provider.id };
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
    const named: [path: PropertyKey[], target: string][] = route.groups.flatMap((group, g) =>
      group.targets.map((target, t) => [["groups", g, "targets", t], target]),
    );
    if (route.onContextLength !== undefined)
      named.push([["onContextLength"], route.onContextLength]);
    for (const [path, target] of named) {
      if (Object.hasOwn(config.targets, target)) continue;
      const hint = meant(target, Object.keys(config.targets));
      const message = `there is no target ${JSON.stringify(target)}.${hint}`;
      problems.push(invalid(["routes", name, ...path], message));
    }
  }
}

/** A key that is written wrong is missing where it belongs, too; the wrong one tells more. */
function misspeltFirst(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const isMisspelt = (issue: z.core.$ZodIssue): number =>
    Number(issue.code === "unrecognized_keys");
  return issues.toSorted((a, b) => isMisspelt(b) - isMisspelt(a));
}

function textOf(issue: z.core.$ZodIssue): string {
  const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return isMissing ? `a value is missing (${issue.expected}).` : `${issue.message}.`;
}

function problemOf(
  issue: z.core.$ZodIssue,
  prefix: readonly PropertyKey[],
  schema: z.ZodType | undefined,
): ConfigProblem {
  const path = [...prefix, ...issue.path];
  if (issue.code !== "unrecognized_keys") return invalid(path, textOf(issue));
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

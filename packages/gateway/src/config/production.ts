import { resolve, sep } from "node:path";
import { isRecord } from "@loadline/kit/json";
import type { ConfigProblem } from "./check.ts";
import { isInClear, isLocal } from "./clear-text.ts";
import type { GatewayConfig } from "./schema.ts";
import { Secret } from "./values.ts";

const depthMax = 16;

/**
 * What `profile: production` refuses: clear text over a network, secrets in the environment, and an
 * audit log whose heads are kept nowhere but beside it.
 */
export function productionProblems(config: GatewayConfig): ConfigProblem[] {
  if (config.profile !== "production") return [];
  return [
    ...listenerProblems(config),
    ...storeProblems(config),
    ...outwardProblems(config),
    ...auditProblems(config),
    ...secretProblems(config, []),
  ];
}

/** Whoever can rewrite the state directory could rewrite heads within it, too. */
function auditProblems({ auditLog: { heads }, stateDir }: GatewayConfig): ConfigProblem[] {
  const isApart = heads !== undefined && !resolve(heads).startsWith(`${resolve(stateDir)}${sep}`);
  if (isApart) return [];
  const message = "production keeps signed heads of the audit log in a file outside stateDir.";
  return [{ code: "LL_CONFIG_INVALID", path: ["auditLog", "heads"], message }];
}

/** Prompts, traces and errors. */
function outwardProblems({ targets, telemetry }: GatewayConfig): ConfigProblem[] {
  const { traces, errors } = telemetry;
  const addresses: [path: string[], url: unknown][] = [
    ...Object.entries(targets).map(([name, target]): [string[], unknown] => {
      return [["targets", name, "baseUrl"], target["baseUrl"]];
    }),
    [["telemetry", "traces", "endpoint"], traces.endpoint],
    [["telemetry", "errors", "dsn"], errors.dsn],
  ];
  const inClear = addresses.filter(([, url]) => url !== undefined && isInClear(clear(url)));
  const message = "production speaks to what is beyond this machine over https.";
  return inClear.map(([path]) => ({ code: "LL_CONFIG_INVALID", path, message }));
}

function listenerProblems({ listen, tls, http }: GatewayConfig): ConfigProblem[] {
  if (isLocal(listen.host) || tls !== null || http.trustedProxies.length > 0) return [];
  const message =
    "production serves a network over TLS (tls.files) or behind proxies of http.trustedProxies.";
  return [{ code: "LL_CONFIG_INVALID", path: ["listen", "host"], message }];
}

function storeProblems({ stores }: GatewayConfig): ConfigProblem[] {
  const { redis, sql, objects } = stores;
  const addresses: [name: string, urls: readonly string[]][] = [
    ["redis", redisUrls(redis)],
    ["sql", [clear(sql)]],
    ["objects", isRecord(objects) ? [clear(objects["endpoint"])] : []],
  ];
  return addresses.flatMap(([name, urls]) => {
    if (!urls.some(isInClear)) return [];
    const message = "production speaks to a store beyond this machine over TLS.";
    return [{ code: "LL_CONFIG_INVALID" as const, path: ["stores", name], message }];
  });
}

function redisUrls(redis: GatewayConfig["stores"]["redis"]): readonly string[] {
  if (redis === null) return [];
  if (typeof redis === "string" || redis instanceof Secret) return [clear(redis)];
  if ("cluster" in redis) return redis.cluster;
  // The master's address comes from the Sentinels, so that it may be anywhere.
  return redis.tls ? redis.sentinels : [...redis.sentinels, ...redis.sentinels.map(asPlain)];
}

const asPlain = (url: string): string => url.replace(/^rediss:/, "redis:");

function clear(value: unknown): string {
  return value instanceof Secret ? value.reveal() : String(value);
}

/** References of the form `${env:NAME}`, wherever they stand. */
function secretProblems(value: unknown, path: readonly PropertyKey[]): ConfigProblem[] {
  if (value instanceof Secret) {
    if (!value.reference.startsWith("${env:")) return [];
    const message = "production takes no secret from the environment; write ${file:PATH}.";
    return [{ code: "LL_CONFIG_SECRET", path, message }];
  }
  if (path.length > depthMax) return [];
  if (Array.isArray(value))
    return value.flatMap((one: unknown, i) => secretProblems(one, [...path, i]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, one]) => secretProblems(one, [...path, key]));
}

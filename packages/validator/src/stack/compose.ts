import { isRecord } from "@loadline/kit/json";
import { parse } from "yaml";
import { z } from "zod";
import { stackErrors } from "./errors.ts";
import { textOf, valueIn } from "./wire/shape.ts";

/** A stack as a compose file tells it, to be completed by its owner. */
export interface ComposeImport {
  readonly stack: Readonly<Record<string, unknown>>;
  /** What could not be told, one sentence each. */
  readonly notes: readonly string[];
}

const kinds: readonly (readonly [RegExp, string, number])[] = [
  [/(^|\/)timescaledb(-ha)?(:|@|$)/, "timescaledb", 5432],
  [/(^|\/)(postgres|postgresql|pgvector)(:|@|$)/, "postgres", 5432],
  [/(^|\/)(redis|valkey|redis-stack-server)(:|@|$)/, "redis", 6379],
  [/(^|\/)minio(:|@|$)/, "minio", 9000],
  [/(^|\/)mlflow(:|@|$)/, "mlflow", 5000],
  [/(^|\/)qdrant(:|@|$)/, "qdrant", 6333],
  [/(^|\/)neo4j(:|@|$)/, "neo4j", 7474],
  [/(^|\/)prometheus(:|@|$)/, "prometheus", 9090],
  [/(^|\/)alertmanager(:|@|$)/, "alertmanager", 9093],
];

/** Kinds that cannot be asked without what no compose file says. */
const incomplete: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)grafana(-oss|-enterprise)?(:|@|$)/, "kind: grafana needs its dashboards"],
  [/(^|\/)jaeger(:|@|$)|jaegertracing\//, "kind: jaeger needs the address of its otlp"],
];

const composeSchema = z.looseObject({
  services: z.record(z.string(), z.looseObject({}).nullable()),
});

type Service = Readonly<Record<string, unknown>>;

/** `environment` of both shapes. */
function variables(service: Service): ReadonlyMap<string, string> {
  const given = service["environment"];
  if (isRecord(given)) return new Map(Object.entries(given).map(([k, v]) => [k, textOf(v)]));
  const rows = Array.isArray(given) ? given.map(String) : [];
  return new Map(rows.map((row) => [row.split("=")[0] ?? "", row.slice(row.indexOf("=") + 1)]));
}

interface Published {
  readonly port: number;
  /** Where it listens on this machine, as a manifest says it. */
  readonly listener: string;
}

/** Port of this machine that leads to the container's `port`; null when none is published. */
function published(service: Service, port: number | null): Published | null {
  const rows = Array.isArray(service["ports"]) ? service["ports"] : [];
  for (const row of rows) {
    const long = isRecord(row) ? [row["published"], row["target"], row["host_ip"]] : null;
    const short = String(row)
      .replace(/\/(tcp|udp)$/, "")
      .split(":");
    const [own, target, at] = long ?? [
      short.length > 1 ? short.at(-2) : undefined,
      short.at(-1),
      short.slice(0, -2).join(":"),
    ];
    const isMeant = port === null || Number(target) === port;
    if (!isMeant || !(Number(own) > 0)) continue;
    const host =
      /^\[.+\]$|^[\d.]+$/.test(textOf(at)) && textOf(at) !== "0.0.0.0" ? textOf(at) : "*";
    return { port: Number(own), listener: `${host}:${Number(own)}` };
  }
  return null;
}

const units: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: 1_024 ** 2, g: 1_024 ** 3 };

/** Bytes of a size such as 512m or 1.5gb; null for what is none, or a variable. */
function bytesOf(value: unknown): number | null {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(textOf(value)) ?? [];
  const factor = units[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? null : Math.round(Number(digits) * factor);
}

/** What the file says of any kind of service: where it listens, its memory, whether it may be off. */
function declared(service: Service, { listener }: Published): Record<string, unknown> {
  const bytes =
    bytesOf(valueIn(service, "deploy.resources.limits.memory")) ?? bytesOf(service["mem_limit"]);
  const isOnDemand = Array.isArray(service["profiles"]) && service["profiles"].length > 0;
  const volumes = folders(service);
  return {
    ...(isOnDemand ? { required: false } : {}),
    listeners: [listener],
    ...(bytes === null || bytes === 0 ? {} : { limits: { memoryBytes: bytes } }),
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

/** The reference a value stands for: `${NAME:-x}` names its variable, a literal stays out. */
function reference(value: string | undefined, name: string): string {
  const inner = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)/.exec(value ?? "")?.[1];
  return `\${env:${inner ?? name}}`;
}

/** A text that may be `${NAME:-x}`, which stands for x; without a default for `standard`. */
function textOr(value: string | undefined, standard: string): string {
  if (value === undefined || value === "") return standard;
  if (!value.startsWith("$")) return value;
  return /^\$\{\w+:?-([^}$]+)\}$/.exec(value)?.[1] ?? standard;
}

function login(kind: string, service: Service): Record<string, unknown> {
  const env = variables(service);
  if (kind === "neo4j") {
    const given = env.get("NEO4J_AUTH");
    if (given === undefined || given === "none") return {};
    return { user: textOr(given.split("/")[0], "neo4j"), password: "${env:NEO4J_PASSWORD}" };
  }
  if (kind === "minio") {
    const [user, secret] = ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"] as const;
    const keys = { accessKey: reference(env.get(user), user) };
    return { ...keys, secretKey: reference(env.get(secret), secret), bucket: "data" };
  }
  if (kind === "redis") {
    const command: unknown = service["command"];
    const words = Array.isArray(command) ? command.map(String) : textOf(command).split(/\s+/);
    const at = words.indexOf("--requirepass");
    return at < 0 ? {} : { password: reference(words[at + 1], "REDIS_PASSWORD") };
  }
  if (kind !== "postgres" && kind !== "timescaledb") return {};
  const name = "POSTGRES_PASSWORD";
  return {
    user: textOr(env.get("POSTGRES_USER"), "postgres"),
    ...(env.has(name) ? { password: reference(env.get(name), name) } : {}),
  };
}

function urlOf(kind: string, port: number, service: Service): string {
  const at = `127.0.0.1:${port}`;
  if (kind === "redis") return `redis://${at}`;
  if (kind !== "postgres" && kind !== "timescaledb") return `http://${at}`;
  const env = variables(service);
  // The image names the database after the user unless it is told otherwise.
  const user = textOr(env.get("POSTGRES_USER"), "postgres");
  return `postgres://${at}/${textOr(env.get("POSTGRES_DB"), user)}`;
}

/** What was taken for something though the file leaves it open. */
function guesses(given: string, service: Service, kind: string | undefined): string[] {
  if (kind === undefined) {
    const image = textOf(service["image"]);
    const known = incomplete.find(([pattern]) => pattern.test(image))?.[1];
    const why = known === undefined ? "an image of no known kind" : `${known}`;
    return [`${given}: ${why}, taken for http.`];
  }
  const env = variables(service);
  return ["POSTGRES_USER", "POSTGRES_DB"]
    .filter((name) => /^\$(\w+|\{\w+\})$/.test(env.get(name) ?? ""))
    .map((name) => `${given}: ${name} is a variable without a default; correct what was taken.`);
}

/** Services it needs, and whether it may start without them. */
const dependencies = (service: Service): { to: string; required?: false }[] => {
  const given = service["depends_on"];
  const isOptional = (one: unknown): boolean => isRecord(one) && one["required"] === false;
  if (!isRecord(given))
    return Array.isArray(given) ? given.map((to) => ({ to: nameOf(String(to)) })) : [];
  return Object.entries(given).map(([to, one]) => ({
    to: nameOf(to),
    ...(isOptional(one) ? { required: false } : {}),
  }));
};

const folders = (service: Service): string[] =>
  (Array.isArray(service["volumes"]) ? service["volumes"] : []).flatMap((row) => {
    const target = isRecord(row) ? row["target"] : String(row).split(":")[1];
    return typeof target === "string" ? [target] : [];
  });

const nameOf = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-");

/**
 * Services with their kinds by image name, published ports as addresses and listeners, credentials
 * as references, volumes, limits of memory, and `depends_on` as edges; those of a profile are not
 * required. What it cannot tell is a note. @throws LL_STACK_COMPOSE
 */
export function importCompose(text: string): ComposeImport {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    throw stackErrors.make("LL_STACK_COMPOSE", `${why}.`, { cause });
  }
  const parsed = composeSchema.safeParse(value);
  if (!parsed.success) {
    throw stackErrors.make("LL_STACK_COMPOSE", "It has no map of services.");
  }
  const notes: string[] = [];
  const services: Record<string, unknown> = {};
  const edges: { from: string; to: string; required?: false }[] = [];
  for (const [given, held] of Object.entries(parsed.data.services)) {
    const service: Service = held ?? {};
    const name = nameOf(given);
    const known = kinds.find(([pattern]) => pattern.test(textOf(service["image"])));
    const [, kind, inner] = known ?? [null, "http", null];
    const door = published(service, inner);
    if (door === null) {
      notes.push(`${given}: no port of this machine leads to it, so it was left out.`);
      continue;
    }
    notes.push(...guesses(given, service, kind === "http" ? undefined : kind));
    const own = { kind, url: urlOf(kind, door.port, service), ...login(kind, service) };
    services[name] = { ...own, ...declared(service, door) };
    edges.push(...dependencies(service).map((one) => ({ from: name, ...one })));
  }
  const kept = edges.filter(({ to }) => to in services);
  return { stack: { services, edges: kept }, notes };
}

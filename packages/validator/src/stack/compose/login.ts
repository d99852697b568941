import { isRecord, type JsonRecord } from "@loadline/kit/json";
import { textOf } from "../wire/shape.ts";
import { filled, filledOr, isOpen, variablesOf } from "./file.ts";

/** The reference a value stands for: `${NAME:-x}` names its variable, a literal stays out. */
function reference(value: string | undefined, name: string): string {
  const inner = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)/.exec(value ?? "")?.[1];
  return `\${env:${inner ?? name}}`;
}

/** The words of a command, in a list or as one text. */
export function wordsOf(service: JsonRecord): string[] {
  const command = service["command"];
  return Array.isArray(command) ? command.map(String) : textOf(command).split(/\s+/);
}

/** Reads the credentials of one service: by their variables, or by the secrets that it is given. */
export function createLogin(service: JsonRecord, secrets: JsonRecord) {
  const env = variablesOf(service);
  const used = new Set<string>();

  /** A secret mounted as a file, where the file says what stands behind it. */
  function mounted(name: string): string | undefined {
    const path = env.get(`${name}_FILE`) ?? "";
    const secret = /^\/run\/secrets\/([\w.-]+)$/.exec(path)?.[1] ?? "";
    const held = Object.hasOwn(secrets, secret) ? secrets[secret] : undefined;
    if (!isRecord(held)) return undefined;
    const file = isOpen(held["file"]) ? "" : filled(held["file"]);
    const variable = textOf(held["environment"]);
    if (file === "" && variable === "") return undefined;
    used.add(secret);
    return file === "" ? `\${env:${variable}}` : `\${file:${file}}`;
  }

  const secretOf = (name: string): string => mounted(name) ?? reference(env.get(name), name);
  const isGiven = (name: string): boolean => env.has(name) || env.has(`${name}_FILE`);

  function of(kind: string): Record<string, unknown> {
    if (kind === "neo4j") {
      const auth = filled(env.get("NEO4J_AUTH") ?? "none");
      if (auth === "none") return {};
      const user = filledOr(auth.split("/")[0], "neo4j");
      return { user, password: "${env:NEO4J_PASSWORD}" };
    }
    if (kind === "minio") {
      const keys = { accessKey: secretOf("MINIO_ROOT_USER") };
      return { ...keys, secretKey: secretOf("MINIO_ROOT_PASSWORD"), bucket: "data" };
    }
    if (kind === "redis") {
      const words = wordsOf(service);
      const at = words.indexOf("--requirepass");
      return at < 0 ? {} : { password: reference(words[at + 1], "REDIS_PASSWORD") };
    }
    if (kind !== "postgres" && kind !== "timescaledb") return {};
    const name = "POSTGRES_PASSWORD";
    return {
      user: filledOr(env.get("POSTGRES_USER"), "postgres"),
      ...(isGiven(name) ? { password: secretOf(name) } : {}),
    };
  }

  return { of, used };
}

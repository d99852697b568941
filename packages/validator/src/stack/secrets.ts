import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { isRecord } from "@loadline/kit/json";
import { stackErrors } from "./errors.ts";
import type { StackManifest } from "./manifest.ts";
import { queryReferences } from "./wire/query-secrets.ts";

/** Where references lead. */
export interface StackSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the plan file. */
  readonly folder: string;
}

const reference = /^\$\{(env|file):([^}]+)\}$/;
const secretBytesMax = 65_536;

function referencesIn(value: unknown, path: string): { path: string; text: string }[] {
  if (typeof value === "string") {
    const inQuery = path.endsWith(".url") ? queryReferences(value) : [];
    return (reference.test(value) ? [value] : inQuery).map((text) => ({ path, text }));
  }
  const held: unknown = Array.isArray(value) ? { ...value } : value;
  const entries = isRecord(held) ? Object.entries(held) : [];
  return entries.flatMap(([key, inner]) => referencesIn(inner, `${path}.${key}`));
}

async function readOne(text: string, path: string, sources: StackSources): Promise<string> {
  const [, from, name = ""] = reference.exec(text) ?? [];
  if (from === "env") {
    const value = sources.env[name];
    if (value !== undefined && value !== "") return value;
    throw stackErrors.make("LL_STACK_SECRET", `${path}: the variable ${name} is not set.`);
  }
  const value = await readFile(resolve(sources.folder, name), "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? (cause.message.split(",")[0] ?? "") : String(cause);
    throw stackErrors.make("LL_STACK_SECRET", `${path}: ${name}: ${why}.`, { cause });
  });
  const secret = value.replace(/\r?\n$/, "");
  if (secret !== "" && secret.length <= secretBytesMax) return secret;
  throw stackErrors.make("LL_STACK_SECRET", `${path}: ${name} is empty or larger than a secret.`);
}

/** Values of all references of a stack, by reference. @throws LL_STACK_SECRET naming the path. */
export async function readStackSecrets(
  stack: StackManifest,
  sources: StackSources,
): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>();
  for (const { path, text } of referencesIn(stack, "stack")) {
    if (!secrets.has(text)) secrets.set(text, await readOne(text, path, sources));
  }
  return secrets;
}

/** How a reference is shown in a command: `$NAME`, or the file's content read by the shell. */
export function shownSecret(text: string | undefined): string {
  const [, from, name] = reference.exec(text ?? "") ?? [];
  if (name === undefined) return "";
  return from === "env" ? `$${name}` : `$(cat ${name})`;
}

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { loadErrors } from "../errors.ts";
import { parseTemplate, textsIn } from "../scenario/template.ts";
import type { Faults } from "./faults.ts";

/** Where secrets come from. */
export interface SecretSources {
  readonly folder: string;
  readonly env: (name: string) => string | undefined;
}

const fileBytesMax = 65_536;

/**
 * Values of every `${env:NAME}` and `${file:PATH}` in a value, by their reference. Throws
 * LL_LOAD_SECRET for one that is not there, naming path and line and never a value.
 */
export async function readSecrets(
  value: unknown,
  path: readonly PropertyKey[],
  sources: SecretSources,
  faults: Faults,
): Promise<Readonly<Record<string, string>>> {
  const secrets: Record<string, string> = {};
  for (const found of textsIn(value, path)) {
    const parts = parseTemplate(found.text);
    if (typeof parts === "string") continue;
    for (const part of parts) {
      if (typeof part === "string" || part.kind !== "secret" || part.name in secrets) continue;
      const secret = await readSecret(part.name, sources);
      if (secret.ok) secrets[part.name] = secret.value;
      else throw loadErrors.make("LL_LOAD_SECRET", faults.line(found.path, secret.why));
    }
  }
  return secrets;
}

type Secret =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly why: string };

async function readSecret(reference: string, sources: SecretSources): Promise<Secret> {
  const colon = reference.indexOf(":");
  const name = reference.slice(colon + 1);
  if (reference.startsWith("env:")) {
    const value = sources.env(name);
    if (value === undefined || value === "") return { ok: false, why: `${name} is not set` };
    return { ok: true, value };
  }
  try {
    const text = await readFile(resolve(sources.folder, name), "utf8");
    if (text.length > fileBytesMax) return { ok: false, why: `${name} is too large for a secret` };
    const value = text.replace(/\r?\n$/, "");
    return value === "" ? { ok: false, why: `${name} is empty` } : { ok: true, value };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split(",")[0] ?? "") : String(error);
    return { ok: false, why: `${name}: ${why}` };
  }
}

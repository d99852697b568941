import { loadErrors } from "../errors.ts";
import { compileText, fillText, noScope, refsIn } from "../scenario/template.ts";
import type { ProfileManifest } from "./manifest.ts";

/**
 * The manifest with the headers of its tenants filled, each `${env:NAME}` read from the environment,
 * and what was read by its reference. @throws LL_LOAD_SECRET for a variable that is not set, naming
 * it and never a value.
 */
export function manifestWithSecrets(
  manifest: ProfileManifest,
  env: (name: string) => string | undefined,
): { readonly manifest: ProfileManifest; readonly secrets: Readonly<Record<string, string>> } {
  const { rag } = manifest;
  if (rag === undefined) return { manifest, secrets: {} };
  const refs = rag.tenants.flatMap(({ headers }) => refsIn(headers));
  const secrets = Object.fromEntries(refs.map((ref) => [ref.name, valueOf(ref.name, env)]));
  const scope = { ...noScope, secrets };
  const tenants = rag.tenants.map(({ name, headers }) => {
    const filled = Object.entries(headers).map(
      ([header, text]) => [header, fillText(compileText(text), scope)] as const,
    );
    return { name, headers: Object.fromEntries(filled) };
  });
  return { manifest: { ...manifest, rag: { ...rag, tenants } }, secrets };
}

function valueOf(reference: string, env: (name: string) => string | undefined): string {
  const name = reference.replace(/^env:/, "");
  const value = reference.startsWith("env:") ? env(name) : undefined;
  if (value !== undefined && value !== "") return value;
  const why = reference.startsWith("env:")
    ? `${name} is not set`
    : `write \${env:NAME}, not \${${reference}}`;
  throw loadErrors.make("LL_LOAD_SECRET", `manifest: rag.tenants: ${why}`);
}

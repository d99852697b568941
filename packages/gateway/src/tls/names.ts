import type { SecureContext } from "node:tls";

/** A name in quotes may hold a comma. */
const namePattern = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;
const dnsPattern = /^DNS:(.+)$/;

/** The names of a certificate, each as it is written, such as `DNS:a.test`. */
export function certificateNames(names: string | undefined): string[] {
  return (names?.match(namePattern) ?? []).map((name) => name.trim());
}

/** DNS names among those of a certificate, in lower case; what is written in quotes is no host. */
export function dnsNamesOf(names: string | undefined): string[] {
  return certificateNames(names)
    .map((name) => dnsPattern.exec(name)?.[1]?.toLowerCase() ?? "")
    .filter((name) => name !== "" && !name.includes('"'));
}

/** Contexts by the names of their certificates: a whole name before `*.` and the rest of it. */
export class ContextsByName {
  readonly #contexts = new Map<string, SecureContext>();

  /** Why it cannot be chosen by these names; undefined when it is from now on. */
  add(names: readonly string[], context: SecureContext): string | undefined {
    if (names.length === 0) return "it has no DNS name by which a client could ask for it";
    const own = new Set(names);
    for (const name of own)
      if (this.#contexts.has(name)) return `one before it has the name ${name} as well`;
    for (const name of own) this.#contexts.set(name, context);
    return undefined;
  }

  /** What a client gets that asks for this name; undefined: none is for it. */
  of(name: string): SecureContext | undefined {
    if (this.#contexts.size === 0) return undefined;
    const host = name.toLowerCase();
    const dot = host.indexOf(".");
    // One label stands for a star, never none or two.
    return (
      this.#contexts.get(host) ?? (dot > 0 ? this.#contexts.get(`*${host.slice(dot)}`) : undefined)
    );
  }
}

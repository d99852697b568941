import type { StackContext } from "./probe.ts";

const rows: readonly (readonly [RegExp, string])[] = [
  [/^HTTP\/1\.|<html|400 Bad Request/i, "an HTTP server"],
  [/^(-ERR|-NOAUTH|\+PONG|-DENIED|\+OK)/, "Redis"],
  [/SFATAL|VFATAL|unsupported frontend protocol|invalid length of startup packet/, "PostgreSQL"],
  [/mysql|MariaDB|caching_sha2/i, "MySQL"],
  [/^SSH-/, "an SSH server"],
  [/^\x15\x03|^\x16\x03|^\.\.[.\s]{2,}\x02?/, "a TLS server"],
];

const firstCharsMax = 2_048;

/** The kind of server first bytes speak of; null when they are like none known. */
export function guessKind(raw: string): string | null {
  const first = raw.slice(0, firstCharsMax);
  return rows.find(([pattern]) => pattern.test(first))?.[1] ?? null;
}

/** What stands on a port where another kind was declared. */
export function otherKind(
  context: Pick<StackContext, "excerpt">,
  wanted: string,
  raw: string,
): string {
  const kind = guessKind(raw);
  const shown = JSON.stringify(context.excerpt(raw, 80));
  const said = raw === "" ? "it said nothing" : `it said ${shown}`;
  return kind === null
    ? `No ${wanted} answers there; ${said}`
    : `No ${wanted} answers there but ${kind}; ${said}`;
}

import { isIP } from "node:net";

const plainSchemes = /^(redis|http|postgres|postgresql):/i;
const postgresScheme = /^postgres(ql)?:/i;
/** What makes the driver of PostgreSQL insist on TLS. */
const verifiedModes = new Set(["require", "verify-ca", "verify-full"]);
/** The driver escapes an address that holds one of these anew, and so reads other names. */
const reescaped = / |%(?![0-9a-f]{2})/i;

/** Whether what is sent to an address leaves this machine without TLS. */
export function isInClear(text: string): boolean {
  if (!plainSchemes.test(text)) return false;
  const url = URL.parse(text);
  if (url === null) return true;
  return postgresScheme.test(text) ? isPostgresInClear(text, url) : !isLocal(url.hostname);
}

/** As its driver reads it: members of the query win over the address, and the last of a name. */
function isPostgresInClear(text: string, { hostname, searchParams }: URL): boolean {
  if (reescaped.test(text)) return true;
  const last = (name: string): string => searchParams.getAll(name).at(-1) ?? "";
  const host = last("host") || hostname.replace(/^%2f/i, "/");
  const isSocket = host.startsWith("/");
  return !isSocket && !isLocal(host) && !verifiedModes.has(last("sslmode"));
}

/** Whether a host is this machine; an empty one may be any, as drivers take it from elsewhere. */
export function isLocal(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, "");
  if (bare === "localhost" || bare === "::1") return true;
  return isIP(bare) === 4 && bare.startsWith("127.");
}

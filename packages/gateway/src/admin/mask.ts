import { Secret } from "../config/values.ts";

const mask = "***";
const depthMax = 32;

/** Names whose values are never shown, whatever they hold. */
const secretName = /secret|passw|token$|apikey|api_key|pepper|private/i;
/** `scheme://user:password@host` keeps its user only. */
const userInfo = /^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^@/]*@/i;
/** A password as drivers take it in the query of an address. */
const queryMember = /([?&](?:ssl)?pass(?:word|phrase)?=)[^&#]*/gi;

/** A copy of the configuration that may be shown: no secret, no password of a URL. */
export function maskConfig(config: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, masked(name, value, 0)]),
  );
}

function masked(name: string, value: unknown, depth: number): unknown {
  if (value instanceof Secret) return mask;
  if (typeof value === "string") return maskText(name, value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= depthMax) return mask;
  if (Array.isArray(value)) return value.map((item: unknown) => masked(name, item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, masked(key, member, depth + 1)]),
  );
}

function maskText(name: string, text: string): string {
  if (secretName.test(name)) return mask;
  return text.replace(userInfo, `$1:${mask}@`).replace(queryMember, `$1${mask}`);
}

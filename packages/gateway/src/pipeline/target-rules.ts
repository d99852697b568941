import { parseKey } from "../identity/keys/key-format.ts";

/** Nothing of these anywhere in a target. */
const badCharacter = /[\\#\u0000-\u0020\u007f-\uffff]/;
/** Doubled slashes, encoded slashes and dot segments in a path. */
const badPath = /\/\/|%2f|%5c|\/(?:\.|%2e){1,2}(?:\/|$)/i;
const keyPattern = /ll_[a-z0-9]{2,8}_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}/;
const alwaysSecret = new Set([
  "api_key",
  "apikey",
  "api-key",
  "x-api-key",
  "subscription-key",
  "access_token",
  "access-token",
  "auth_token",
  "client_secret",
  "secret",
  "password",
  "authorization",
  "bearer",
]);
const oftenSecret = new Set(["key", "token"]);
const secretCharsMin = 20;

/** Whether a target is a plain absolute path that every reader takes for the same. */
export function checkTarget(target: string): boolean {
  if (!target.startsWith("/") || badCharacter.test(target)) return false;
  const query = target.indexOf("?");
  return !badPath.test(query < 0 ? target : target.slice(0, query));
}

/**
 * The credential in a target, percent-encoded or not: a key of ours anywhere, or a parameter that
 * carries one by its name.
 * The text is a secret: it is never logged.
 */
export function exposedKey(target: string): string | undefined {
  const text = decoded(target);
  const own = text.includes("ll_") ? keyPattern.exec(text)?.[0] : undefined;
  if (own !== undefined && parseKey(own)) return own;
  const query = target.indexOf("?");
  if (query < 0) return undefined;
  for (const pair of target.slice(query + 1).split("&")) {
    const equals = pair.indexOf("=");
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase();
    const value = equals < 0 ? "" : decoded(pair.slice(equals + 1));
    if (alwaysSecret.has(name)) return value;
    if (oftenSecret.has(name) && value.length >= secretCharsMin) return value;
  }
  return undefined;
}

/** Escapes as the characters they stand for; what is no escape stays as it is. */
function decoded(target: string): string {
  if (!target.includes("%")) return target;
  return target.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

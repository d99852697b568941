import { type IdentityFactName, identityValueMax } from "@loadline/contract";
import type { Exchange } from "../probes/client.ts";
import { bodyJson, isRecord } from "../probes/shapes.ts";

/** What one target tells of its build. */
export type IdentityFacts = Readonly<Partial<Record<IdentityFactName, string>>>;

/** Keys under which services tell a fact, as they stand in a health or version document. */
const keysOf: Readonly<Partial<Record<IdentityFactName, readonly string[]>>> = {
  version: ["version", "app_version", "build_version"],
  commit: ["commit", "git_commit", "gitCommit", "git_sha", "revision"],
  image: ["image", "image_digest", "imageDigest"],
  configuration: ["config_digest", "configDigest", "config_hash", "configHash"],
};
/** Objects of such a document that may hold them. */
const inner = ["build", "info"];

/** What is longer names no build; cut, it would be another than the one that was told. */
const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= identityValueMax;

function firstText(
  places: readonly Record<string, unknown>[],
  keys: readonly string[],
): string | null {
  const found = places.flatMap((place) => keys.map((key) => place[key]));
  return found.find(isName) ?? null;
}

/** Facts in an answer of a health or version route: its JSON, and the header `server`. */
export function factsIn(exchange: Exchange): IdentityFacts {
  if (exchange.status === null) return {};
  const body = bodyJson(exchange);
  const places = isRecord(body) ? [body, ...inner.map((key) => body[key]).filter(isRecord)] : [];
  const told = Object.entries(keysOf).flatMap(([fact, keys]) => {
    const value = firstText(places, keys);
    return value === null ? [] : [[fact, value] as const];
  });
  const { server } = exchange.headers;
  return { ...Object.fromEntries(told), ...(isName(server) && { server }) };
}

/** Whether they tell one build from another: a name of the server software does not. */
export function tellsBuild({ version, commit }: IdentityFacts): boolean {
  return version !== undefined || commit !== undefined;
}

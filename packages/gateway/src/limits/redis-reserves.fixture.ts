import type { SharedPart } from "./redis-keys.ts";
import type { Asked } from "./redis-reserves.ts";

/**
 * Limits that a few calls use up, and that no second of a slow machine gives back: kind, a, b. No two
 * waits are ever the same.
 */
export const laws = {
  requests: "r 60000000 180000000",
  returned: "R 60000000 300000000",
  tokens: "t 0 3600500000",
  slots: "c 4 0",
  money: "m 0 90",
} as const;
export type LawName = keyof typeof laws;

const usPerToken = 61_000_000;
const window = "total";
const ttlUs = 60_000_000;

/** A reservation of such limits; a token costs 61 s of its limit, and 1 nano-unit of the budget. */
export function askedOfLaws(o: {
  readonly id: string;
  readonly laws: readonly LawName[];
  readonly tokens: number;
  readonly tag?: string | undefined;
}): Asked {
  const tag = o.tag ?? "{ll}";
  const leases = `${tag}:leases`;
  const part: SharedPart = {
    leases,
    head: [leases, `${tag}:replicas`],
    keys: o.laws.map((name) => `${tag}:${laws[name].slice(0, 1).toLowerCase()}:${name}`),
    laws: o.laws.map((name) => laws[name]).join(" "),
    at: o.laws.map((_, i) => i),
    isPartial: false,
  };
  const wants = o.laws.map((name) => {
    if (name === "tokens") return ` ${o.tokens * usPerToken}`;
    return name === "money" ? ` ${o.tokens} ${window}` : "";
  });
  return { part, text: `${o.id} ${ttlUs}${wants.join("")}` };
}

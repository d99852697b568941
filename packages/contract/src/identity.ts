/** Which build was asked: what a target tells of itself, and what the plan says of it. */
import type { EvidenceRecord } from "./evidence/record.ts";
import { type Data, isData } from "./fold/read-data.ts";

/**
 * Facts that tell one build from another. `configuration`: digest of what is in force;
 * `certificateKey`: SHA-256 of the public key (SPKI) its TLS certificate carries, hex.
 */
export const identityFacts = [
  "version",
  "commit",
  "image",
  "configuration",
  "certificateKey",
  "server",
] as const;
export type IdentityFactName = (typeof identityFacts)[number];

/** One fact of one target. `measured`: the target told it in this run; `declared`: the plan does. */
export interface IdentityFact {
  readonly target: string;
  readonly fact: IdentityFactName;
  readonly value: string;
  readonly provenance: "measured" | "declared";
  readonly seq: number;
}

/** A fact that is not what it was; `to` is null when nobody tells it any more. */
export interface IdentityChange {
  readonly target: string;
  readonly fact: IdentityFactName;
  readonly from: string;
  readonly to: string | null;
}

/** Longer values are cut: a header may hold anything. */
export const identityValueMax = 200;

/** Facts of one note: `{ identity: { target, facts: { commit: "..." } } }`. */
function factsOf({ data, provenance, seq }: EvidenceRecord): IdentityFact[] {
  const said = data["identity"];
  if (!isData(said) || !isData(said["facts"]) || typeof said["target"] !== "string") return [];
  if (provenance !== "measured" && provenance !== "declared") return [];
  const facts: Data = said["facts"];
  const target = said["target"];
  return identityFacts.flatMap((fact) => {
    const value = facts[fact];
    if (typeof value !== "string" || value === "") return [];
    return [{ target, fact, value: value.slice(0, identityValueMax), provenance, seq }];
  });
}

/** What the notes of a run say of its targets, each value once, in the order it was seen. */
export function readIdentity(notes: readonly EvidenceRecord[]): readonly IdentityFact[] {
  const once = new Map<string, IdentityFact>();
  for (const one of notes.flatMap(factsOf)) {
    const key = JSON.stringify([one.target, one.fact, one.provenance, one.value]);
    if (!once.has(key)) once.set(key, one);
  }
  return [...once.values()];
}

type Fact = Pick<IdentityFact, "target" | "fact" | "value" | "provenance">;

/** The last value of each fact; what the target tells goes before what the plan declares. */
function lastValues(facts: readonly Fact[]): Map<string, Fact> {
  const last = new Map<string, Fact>();
  for (const one of facts) {
    const key = `${one.target} ${one.fact}`;
    if (one.provenance === "declared" && last.get(key)?.provenance === "measured") continue;
    last.set(key, one);
  }
  return last;
}

/** Every fact of `before` that is another, or told by nobody, in `after`. */
export function identityChanges(
  before: readonly Fact[] = [],
  after: readonly Fact[] = [],
): readonly IdentityChange[] {
  const now = lastValues(after);
  return [...lastValues(before)].flatMap(([key, { target, fact, value }]) => {
    const to = now.get(key)?.value ?? null;
    return to === value ? [] : [{ target, fact, from: value, to }];
  });
}

/** `commit was a, is b`. */
export function changeText({ fact, from, to }: IdentityChange): string {
  return `${fact} was ${from}, is ${to ?? "not told"}`;
}

/** What a target told twice and differently in one run: the verdicts are of both. */
export function changedWithin(facts: readonly IdentityFact[]): readonly string[] {
  const said = new Set<string>();
  const first = new Map<string, IdentityFact>();
  for (const one of facts.filter(({ provenance }) => provenance === "measured")) {
    const key = `${one.target} ${one.fact}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, one);
    else {
      const change = { target: one.target, fact: one.fact, from: before.value, to: one.value };
      said.add(`That ${one.target} is one build: in this run its ${changeText(change)}.`);
    }
  }
  return [...said];
}

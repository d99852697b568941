import { type Random, seededRandom } from "@loadline/kit/random";

/** A planted document. */
export interface Canary {
  readonly tenant: number;
  /** What it is found by. */
  readonly word: string;
  /** The store's id. */
  readonly id: string;
  isVisible: boolean;
}

const wordPattern = /ll-canary-t(\d+)-[0-9a-f]{16}/g;

/** Words no store can know, told apart by tenant, and the documents they were planted in. */
export class Canaries {
  readonly #random: Random;
  readonly #byTenant: Canary[][];

  constructor(seed: number, tenants: number) {
    this.#random = seededRandom(seed);
    this.#byTenant = Array.from({ length: tenants }, () => []);
  }

  /** A new word of a tenant; the same sequence for a seed. */
  word(tenant: number): string {
    return `ll-canary-t${tenant}-${Buffer.from(this.#random.bytes(8)).toString("hex")}`;
  }

  planted(canary: Canary): void {
    this.#byTenant[canary.tenant]?.push(canary);
  }

  /** Takes the oldest of a tenant that has more than `keepMax`. */
  surplus(tenant: number, keepMax: number): Canary | undefined {
    const own = this.#byTenant[tenant] ?? [];
    return own.length > keepMax ? own.shift() : undefined;
  }

  /** A visible one of a tenant's newer half, which is not about to go; null when there is none yet. */
  pick(tenant: number, random: Random): Canary | null {
    const own = this.#byTenant[tenant] ?? [];
    const visible = own.slice(Math.floor(own.length / 2)).filter((canary) => canary.isVisible);
    return visible[random.below(Math.max(1, visible.length))] ?? null;
  }

  /** Takes all. */
  drain(): readonly Canary[] {
    return this.#byTenant.flatMap((own) => own.splice(0));
  }
}

/** How many words of other tenants a text holds, whoever planted them. */
export function foreignIn(text: string, tenant: number): number {
  const foreign = new Set<string>();
  for (const [word, owner] of text.matchAll(wordPattern)) {
    if (Number(owner) !== tenant) foreign.add(word);
  }
  return foreign.size;
}

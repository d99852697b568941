import { monotonicUs, TestClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Lease } from "./lease.ts";
import { type Bench, openBench } from "./limits.fixture.ts";
import { scriptLink } from "./script-link.ts";
import { ScriptTable } from "./script-table.ts";

const nanoPerToken = 1_000_000;
const budgetTokens = 40;
const slots = 6;
const timeoutMs = 50;
const replicas = ["one", "two"] as const;

/** What becomes of one message to the store. */
type Fate = "answered" | "unsent" | "unheard";

/** A way to the store on which messages keep their order, take their time and get lost. */
class Way {
  readonly #clock: TestClock;
  readonly #table: ScriptTable;
  #freeMs = 0;
  delayMs = 0;
  fate: Fate = "answered";

  constructor(clock: TestClock, table: ScriptTable) {
    this.#clock = clock;
    this.#table = table;
  }

  ask(call: Parameters<ScriptTable["run"]>[0], owner: string): Promise<unknown> {
    const { fate } = this;
    if (fate === "unsent") return Promise.reject(new Error("not connected"));
    const nowMs = this.#clock.monotonicMs();
    this.#freeMs = Math.max(this.#freeMs, nowMs + this.delayMs);
    return new Promise((resolve, reject) => {
      this.#clock.after(this.#freeMs - nowMs, () => {
        const answer = this.#table.run(call, owner);
        if (fate === "unheard") reject(new Error("connection lost"));
        else resolve(answer);
      });
    });
  }
}

interface Granted {
  readonly lease: Lease;
  usedTokens: number;
  isOpen: boolean;
}

/** Two replicas of one store; what they granted and what was used. */
class World {
  readonly clock = new TestClock();
  readonly table = new ScriptTable({
    nowUs: () => monotonicUs(this.clock),
    wallMs: () => this.clock.wallMs(),
  });
  readonly ways = replicas.map(() => new Way(this.clock, this.table));
  readonly granted: Granted[] = [];
  readonly benches: readonly Bench[];

  constructor() {
    this.benches = replicas.map((replica, i) =>
      openBench({
        clock: this.clock,
        limits: [
          { scope: "global", resource: "money", limit: 0.04, period: "total" },
          { scope: "global", resource: "concurrency", limit: slots },
        ],
        prices: { m: { input: 0, output: 1000 } },
        redis: {
          url: "",
          replica,
          timeoutMs,
          leaseMs: 3000,
          openLink: scriptLink((call) => this.wayOf(i).ask(call, replica), queueMicrotask),
        },
      }),
    );
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(10, left));
      for (let i = 0; i < 15; i++) await Promise.resolve();
    }
  }

  call(who: number, maxTokens: number): void {
    void this.benches[who]?.call({ maxTokens }).then(({ x, refusal }) => {
      if (!refusal && x.lease)
        this.granted.push({ lease: x.lease, usedTokens: maxTokens, isOpen: true });
    });
  }

  settle(one: Granted, part: number): void {
    if (!one.isOpen) return;
    one.isOpen = false;
    one.usedTokens = Math.floor(one.usedTokens * part);
    one.lease.settle({ tokens: one.usedTokens, nano: one.usedTokens * nanoPerToken });
  }

  /** Everything is answered again, every call has ended, and the store has heard of it. */
  async calmDown(): Promise<void> {
    for (const way of this.ways) {
      way.delayMs = 0;
      way.fate = "answered";
    }
    await this.pass(1000);
    for (const one of this.granted) this.settle(one, 1);
    await this.pass(6000);
  }

  get usedTokens(): number {
    return this.granted.reduce((sum, one) => sum + one.usedTokens, 0);
  }

  /** Tokens that the budget still affords, and slots that are free, as callers find out. */
  async rest(): Promise<{ tokens: number; slots: number }> {
    const first = this.granted.length;
    for (let i = 0; i < slots + 2; i++) this.call(0, 1);
    await this.pass(200);
    const free = this.granted.length - first;
    for (const one of this.granted.slice(first)) this.settle(one, 0);
    await this.pass(200);
    let tokens = 0;
    for (; tokens <= budgetTokens; tokens++) {
      const before = this.granted.length;
      this.call(0, 1);
      await this.pass(60);
      const one = this.granted[before];
      if (!one) break;
      this.settle(one, 1);
      await this.pass(20);
    }
    return { tokens, slots: free };
  }

  async close(): Promise<void> {
    for (const bench of this.benches) await bench[Symbol.asyncDispose]();
  }

  wayOf(i: number): Way {
    const way = this.ways[i];
    if (!way) throw new Error("no such replica");
    return way;
  }
}

type Step =
  | { readonly do: "call"; readonly who: number; readonly tokens: number }
  | { readonly do: "settle"; readonly at: number; readonly part: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "delay"; readonly who: number; readonly ms: number }
  | { readonly do: "fate"; readonly who: number; readonly fate: Fate };

const who = fc.nat({ max: replicas.length - 1 });
const part = fc.double({ min: 0, max: 1, noNaN: true });
const calm: readonly fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant("call"), who, tokens: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant("settle"), at: fc.nat({ max: 30 }), part }),
  fc.record({ do: fc.constant("pass"), ms: fc.integer({ min: 10, max: 300 }) }),
  fc.record({ do: fc.constant("delay"), who, ms: fc.constantFrom(0, 20, 60, 200, 800) }),
];
const losing: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("fate"),
  who,
  fate: fc.constantFrom<Fate>("answered", "unsent", "unheard"),
});
const stepsOf = (some: readonly fc.Arbitrary<Step>[]) =>
  fc.array(fc.oneof(...some), { minLength: 5, maxLength: 60 });

async function play(steps: readonly Step[], world: World): Promise<void> {
  await world.pass(50);
  for (const step of steps) {
    if (step.do === "call") world.call(step.who, step.tokens);
    else if (step.do === "pass") await world.pass(step.ms);
    else if (step.do === "delay") Object.assign(world.wayOf(step.who), { delayMs: step.ms });
    else if (step.do === "fate") Object.assign(world.wayOf(step.who), { fate: step.fate });
    else {
      const one = world.granted[step.at];
      if (one) world.settle(one, step.part);
    }
  }
  await world.calmDown();
}

/** What the callers find left after such steps, and what the budget should afford. */
async function restAfter(steps: readonly Step[]) {
  const world = new World();
  await play(steps, world);
  const due = Math.max(0, budgetTokens - world.usedTokens);
  const rest = await world.rest();
  await world.close();
  return { ...rest, leases: world.table.leases, due };
}

describe("answers of the shared store that come late, or never", () => {
  it("late ones leave exactly what was used charged, and every slot free", async () => {
    await fc.assert(
      fc.asyncProperty(stepsOf(calm), async (steps) => {
        const { due, ...rest } = await restAfter(steps);
        expect(rest).toEqual({ leases: 0, slots: Math.min(slots, due), tokens: due });
      }),
      { numRuns: 150, seed: 4 },
    );
  }, 60_000);

  it("lost ones leave at least what was used charged, and every slot free once leases are over", async () => {
    await fc.assert(
      fc.asyncProperty(stepsOf([...calm, losing]), async (steps) => {
        const { due, leases, tokens, slots: free } = await restAfter(steps);
        expect(tokens).toBeLessThanOrEqual(due);
        expect({ leases, free }).toEqual({ leases: 0, free: Math.min(slots, tokens) });
      }),
      { numRuns: 150, seed: 4 },
    );
  }, 60_000);
});

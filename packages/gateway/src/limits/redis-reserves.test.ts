import { monotonicUs, TestClock } from "@loadline/kit/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { askedOfLaws, laws, type LawName } from "./redis-reserves.fixture.ts";
import { Answer, type Asked, callOf, RedisReserves } from "./redis-reserves.ts";
import type { RedisLink } from "./redis-link.ts";
import { reserveScript } from "./redis-scripts.ts";
import { scriptOf } from "./redis-link.ts";
import { ScriptTable } from "./script-table.ts";

const clock = new TestClock();
const script = scriptOf(reserveScript);
const tableOf = (): ScriptTable =>
  new ScriptTable({
    nowUs: () => monotonicUs(clock),
    wallMs: () => clock.wallMs(),
  });

/** Figures of each reservation, as one call tells them; copied, because the list is used again. */
function decide(table: ScriptTable, asked: readonly Asked[]): (readonly number[] | undefined)[] {
  const { keys, list } = callOf(asked);
  const answer = new Answer(String(table.run({ name: "reserve", keys: keys.flat(), list }, "one")));
  return asked.map(({ part }) => answer.next(part.at.length)?.slice());
}

interface World {
  /** Of each call: how many it asked for, each with its slot. */
  readonly calls: string[][];
  readonly told: string[];
  readonly reserves: RedisReserves<Asked>;
  /** What came in together has been looked at. */
  turn(): Promise<void>;
}

function openWorld(answer: (keys: readonly string[], list: readonly string[]) => unknown): World {
  const calls: string[][] = [];
  const told: string[] = [];
  let gathered: (() => void)[] = [];
  const link: RedisLink = {
    run(_script, keys, rest) {
      const list = rest.map(String);
      calls.push([keys[0]?.[0] ?? "", ...(list[1] ?? "").trimEnd().split("\n")]);
      return Promise.resolve(answer(keys.flat(), list));
    },
    gather: (send) => void gathered.push(send),
    close: () => undefined,
  };
  const reserves = new RedisReserves<Asked>({
    clock,
    link,
    script,
    onSend: () => void told.push("settles"),
    onAnswer: ({ text }, figures) => void told.push(`${text.split(" ")[0]} ${figures?.[0] ?? "?"}`),
    onUndecided: ({ text }) => void told.push(`${text.split(" ")[0]} undecided`),
  });
  return {
    calls,
    told,
    reserves,
    async turn() {
      const sends = gathered;
      gathered = [];
      for (const send of sends) send();
      for (let i = 0; i < 10; i++) await Promise.resolve();
    },
  };
}

const one = (id: string, law: LawName = "requests", tag?: string): Asked =>
  askedOfLaws({ id, laws: [law], tag, tokens: 1 });

describe("reservations of one turn of the loop", () => {
  it("are one call, in their order, behind the settles; those of the next turn are another", async () => {
    const table = tableOf();
    const world = openWorld((keys, list) => table.run({ name: "reserve", keys, list }, "one"));
    for (const id of ["a", "b", "c"]) world.reserves.add(one(id));
    expect(world.calls).toEqual([]);
    await world.turn();
    world.reserves.add(one("d"));
    await world.turn();
    expect(world.calls.map((call) => call.slice(1).map((text) => text.split(" ")[1]))).toEqual([
      ["a", "b", "c"],
      ["d"],
    ]);
    expect(world.told).toEqual(["settles", "a 1", "b 1", "c 1", "settles", "d 0"]);
  });

  it("that lie on different slots of a cluster are a call for each slot", async () => {
    const table = tableOf();
    const world = openWorld((keys, list) => table.run({ name: "reserve", keys, list }, "one"));
    for (const [id, tag] of [
      ["a", "{ll:x}"],
      ["b", "{ll:y}"],
      ["c", "{ll:x}"],
    ] as const)
      world.reserves.add(one(id, "requests", tag));
    await world.turn();
    expect(world.calls.map(([leases, ...asked]) => [leases, asked.length])).toEqual([
      ["{ll:x}:leases", 2],
      ["{ll:y}:leases", 1],
    ]);
    expect(world.told.slice(1).toSorted()).toEqual(["a 1", "b 1", "c 1"]);
  });

  it("are at most 128 in one call, so that the store does other things in between", async () => {
    const table = tableOf();
    const world = openWorld((keys, list) => table.run({ name: "reserve", keys, list }, "one"));
    for (let i = 0; i < 300; i++) world.reserves.add(one(`id${i}`));
    await world.turn();
    expect(world.calls.map(({ length }) => length - 1)).toEqual([128, 128, 44]);
    expect(world.told).toHaveLength(301);
    expect(world.told.filter((text) => text.endsWith(" 1"))).toHaveLength(3);
  });

  it.each([
    ["that is lost", undefined, ["a ?", "b ?"]],
    ["that is no text", [1, 2], ["a ?", "b ?"]],
    ["that ends too early", "1000 1 1 -1 0 5", ["a 1", "b undecided", "b ?"]],
    ["that leaves one out", "1000 1 2 1 -1 0 5", ["a undecided", "a ?", "b 1"]],
  ])("an answer %s decides none that it does not tell of", async (_, answer, told) => {
    const world = openWorld(() => answer);
    for (const id of ["a", "b"]) world.reserves.add(one(id));
    await world.turn();
    expect(world.told).toEqual(["settles", ...told]);
  });
});

const names = Object.keys(laws) as LawName[];
const asking = fc.record({
  laws: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
  tokens: fc.integer({ min: 0, max: 40 }),
});

describe("one call for many", () => {
  it("answers and leaves what single calls in that order do, also where one amid them is refused", () => {
    let refusedAmid = 0;
    fc.assert(
      fc.property(fc.array(fc.array(asking, { maxLength: 12 }), { maxLength: 6 }), (turns) => {
        const [together, alone] = [tableOf(), tableOf()];
        let count = 0;
        for (const turn of turns) {
          const asked = turn.map((some) => askedOfLaws({ ...some, id: `id${count++}` }));
          const figures = decide(together, asked);
          expect(figures).toEqual(asked.flatMap((some) => decide(alone, [some])));
          const last = figures.findLastIndex((some) => some?.[0] === 1);
          if (figures.slice(0, last).some((some) => some?.[0] === 0)) refusedAmid++;
        }
        expect(together.leases).toBe(alone.leases);
      }),
      { numRuns: 200, seed: 7 },
    );
    expect(refusedAmid).toBeGreaterThan(20);
  });

  it("tells each plan once, however many calls are for it", () => {
    const { part } = one("a");
    const other = one("c", "money");
    const asked = ["a", "b"].map((id) => ({ part, text: `${id} 1000` }));
    const { keys, list } = callOf([...asked, other, { part, text: "d 1000" }]);
    expect(keys).toEqual([part.head, part.keys, other.part.keys]);
    expect(list).toEqual([
      `${part.laws}\n${other.part.laws}\n`,
      `0 a 1000\n0 b 1000\n1 ${other.text}\n0 d 1000\n`,
    ]);
  });
});

describe("an answer", () => {
  it("gives back every number as it was written, below 0 and beyond 32 bits among them", () => {
    const whole = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    const states = fc.array(whole, { maxLength: 5 });
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.array(states), (nowUs, replicas, all) => {
        const some = all.map((list) => ["1 -1 0", ...list].join(" "));
        const answer = new Answer([nowUs, replicas, ...some].join(" "));
        for (const list of all)
          expect(answer.next(list.length)).toEqual([1, nowUs, -1, 0, replicas, ...list]);
        expect(answer.next(1)).toBeUndefined();
      }),
    );
  });

  it("that leaves one undecided goes on with the next", () => {
    const answer = new Answer("5 1 2 0 1 7 9");
    expect(answer.next(1)).toBeUndefined();
    expect(answer.next(1)).toEqual([0, 5, 1, 7, 1, 9]);
  });
});

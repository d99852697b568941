import { breakerDefaults, CircuitBreaker } from "@loadline/kit/circuit-breaker";
import { seededRandom } from "@loadline/kit/random";
import { describe, expect, it } from "vitest";
import { isBodyProblem, readRequestBody } from "../../body/request.ts";
import { TargetState } from "../target-state.ts";
import { createWorld, permitOf, routeOf, targetsOf } from "../world.fixture.ts";
import { hashText, mix } from "./hash.ts";
import { pickByHash, prefixHash } from "./prefix-affinity.ts";
import type { Member } from "./strategy.ts";

function world(strategy: string, targets: Readonly<Record<string, unknown>>) {
  const names = Object.keys(targets).join("");
  return createWorld({ targets, routes: routeOf([{ targets: names, strategy }]) });
}

function counts(names: readonly (string | undefined)[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const name of names) if (name !== undefined) out[name] = (out[name] ?? 0) + 1;
  return out;
}

describe("weighted", () => {
  it("gives each target exactly its share of every cycle, evenly spread", () => {
    const w = world("weighted", {
      ...targetsOf("a", { weight: 5 }),
      ...targetsOf("b", { weight: 3 }),
      ...targetsOf("c", { weight: 2 }),
    });
    const seen = { a: 0, b: 0, c: 0 };
    for (let i = 1; i <= 1000; i++) {
      const [name] = w.run(() => "ok");
      if (name === "a" || name === "b" || name === "c") seen[name]++;
      const off = [seen.a - i * 0.5, seen.b - i * 0.3, seen.c - i * 0.2].map(Math.abs);
      expect(Math.max(...off)).toBeLessThanOrEqual(1);
    }
    expect(seen).toEqual({ a: 500, b: 300, c: 200 });
  });

  it("an open target's share goes to the others by their weights", () => {
    const w = world("weighted", {
      ...targetsOf("a", { weight: 6 }),
      ...targetsOf("b", { weight: 3 }),
      ...targetsOf("c", { weight: 1 }),
    });
    w.routing.breakers.override("a", "open");
    const names = Array.from({ length: 400 }, () => w.run(() => "ok")[0]);
    expect(counts(names)).toEqual({ b: 300, c: 100 });
  });
});

describe("cheapest", () => {
  const price = (input: number, output: number) => ({ price: { input, output } });

  it("compares the tokens the request may use, not one list price", () => {
    const w = world("cheapest", {
      ...targetsOf("a", price(1, 10)),
      ...targetsOf("b", price(4, 2)),
    });
    const first = (body: Readonly<Record<string, unknown>>): string => {
      const permit = permitOf(w.plan(body).next());
      permit.end("ok");
      return permit.target.name;
    };
    const long = [{ role: "user", content: "x".repeat(30_000) }];
    expect(first({ messages: long, max_tokens: 10 })).toBe("a");
    expect(first({ max_tokens: 4000 })).toBe("b");
  });

  it("counts 8 tokens for each message, as a reservation does: many short ones are a long prompt", () => {
    const w = world("cheapest", {
      ...targetsOf("a", price(1, 10)),
      ...targetsOf("b", price(4, 2)),
    });
    const first = (count: number): string => {
      const messages = Array.from({ length: count }, () => ({ role: "user", content: "x" }));
      const permit = permitOf(w.plan({ messages, max_tokens: 100 }).next());
      permit.end("ok");
      return permit.target.name;
    };
    // a: 1 * input + 1,000; b: 4 * input + 200, cheaper below 267 tokens.
    expect([first(1), first(25), first(40)]).toEqual(["b", "b", "a"]);
  });

  it("the price of the upstream's model counts where the target names none", () => {
    const w = createWorld({
      targets: {
        ...targetsOf("a", { model: "dear" }),
        ...targetsOf("b", { model: "cheap" }),
        ...targetsOf("c", price(5, 5)),
      },
      routes: routeOf([{ targets: "abc", strategy: "cheapest" }]),
      prices: { dear: { input: 9, output: 9 }, cheap: { input: 1, output: 1 } },
    });
    expect(w.run(() => "server")).toEqual(["b", "c", "a"]);
  });

  it("a target without a price comes last", () => {
    const w = world("cheapest", { ...targetsOf("a"), ...targetsOf("b", price(100, 100)) });
    expect(w.run(() => "server")).toEqual(["b", "a"]);
  });
});

describe("least-latency", () => {
  /** Requests at fixed gaps; each target answers after its own time. */
  function simulate(latencyMs: Readonly<Record<string, number>>, requests: number) {
    const w = world("least-latency", targetsOf(Object.keys(latencyMs).join("")));
    const names: string[] = [];
    for (let i = 0; i < requests; i++) {
      const permit = permitOf(w.plan().next());
      const { name } = permit.target;
      names.push(name);
      const ms = latencyMs[name] ?? 0;
      w.clock.after(ms, () => {
        permit.content(ms);
        permit.end("ok");
      });
      w.clock.advance(10);
    }
    return counts(names);
  }

  it("a target ten times slower gets a small share, and never none", () => {
    const seen = simulate({ a: 50, b: 50, c: 500 }, 6000);
    expect((seen["c"] ?? 0) / 6000).toBeLessThan(0.1);
    expect(seen["c"] ?? 0).toBeGreaterThan(0);
  });

  it("equal targets share about equally", () => {
    const seen = simulate({ a: 50, b: 50, c: 50, d: 50 }, 4000);
    for (const name of "abcd") expect(Math.abs((seen[name] ?? 0) - 1000)).toBeLessThan(150);
  });

  it("a higher sample counts at once, a lower one only slowly", () => {
    const w = world("least-latency", targetsOf("ab"));
    const answer = (ms: number): void => {
      const permit = permitOf(w.plan().next());
      permit.content(ms);
      permit.end("ok");
    };
    w.routing.breakers.override("b", "open");
    answer(10);
    answer(1000);
    answer(10);
    w.routing.breakers.override("a", "open");
    w.routing.breakers.override("b", "auto");
    answer(100);
    w.routing.breakers.override("a", "auto");
    for (let i = 0; i < 20; i++) {
      const permit = permitOf(w.plan().next());
      expect(permit.target.name).toBe("b");
      permit.end("left");
    }
  });
});

describe("least-latency, streams and whole answers", () => {
  /** Streams: `a` begins after 10 ms, `b` after 50. Whole answers: `a` takes 900 ms, `b` 200. */
  const timesMs = { stream: { a: 10, b: 50 }, whole: { a: 900, b: 200 } };

  function answered(w: ReturnType<typeof world>, kind: "stream" | "whole", name: "a" | "b"): void {
    const other = name === "a" ? "b" : "a";
    w.routing.breakers.override(other, "open");
    const permit = permitOf(w.plan({ stream: kind === "stream" }).next());
    permit.content(timesMs[kind][name]);
    permit.end("ok");
    w.routing.breakers.override(other, "auto");
  }

  function taken(w: ReturnType<typeof world>, kind: "stream" | "whole"): Record<string, number> {
    const names = Array.from({ length: 20 }, () => {
      const permit = permitOf(w.plan({ stream: kind === "stream" }).next());
      permit.end("left");
      return permit.target.name;
    });
    return counts(names);
  }

  it("a stream goes where streams begin soonest, a whole answer where those are soonest there", () => {
    const w = world("least-latency", targetsOf("ab"));
    for (const kind of ["stream", "whole"] as const)
      for (const name of ["a", "b"] as const) answered(w, kind, name);
    expect(taken(w, "stream")).toEqual({ a: 20 });
    expect(taken(w, "whole")).toEqual({ b: 20 });
    expect(w.routing.latencyMsOf("a")).toBeLessThan(11);
  });

  it("whole answers say nothing of streams that nobody saw yet: both targets are tried", () => {
    const w = world("least-latency", targetsOf("ab"));
    for (const name of ["a", "b"] as const) answered(w, "whole", name);
    expect(Object.keys(taken(w, "stream")).toSorted()).toEqual(["a", "b"]);
    expect(w.routing.latencyMsOf("a")).toBeGreaterThan(800);
  });
});

describe("prefix-affinity", () => {
  const replicas = "abcdefgh";

  /** Keys in flight all at once, placed one after the other; the replica of each. */
  function place(names: string, keys: readonly number[]): string[] {
    const w = world("prefix-affinity", targetsOf(names));
    const x = w.exchange();
    const members: Member[] = (x.route?.targets ?? []).map((target, index) => ({
      state: new TargetState({
        target,
        index,
        settings: "",
        breaker: new CircuitBreaker({ settings: breakerDefaults, random }),
        tuning: {
          retry: { share: 0, perSecond: 0 },
          weight: 1,
          maxInFlight: Number.POSITIVE_INFINITY,
          capacity: Number.POSITIVE_INFINITY,
          price: () => undefined,
        },
      }),
      nameHash: hashText(target.name),
      current: 0,
    }));
    return keys.map((key) => {
      const choice = { members, count: members.length, x, nowMs: 0 };
      const member = pickByHash(choice, key);
      if (!member) throw new TypeError("no replica");
      member.state.inFlight++;
      return member.state.name;
    });
  }

  const random = seededRandom(17);
  const keys = Array.from({ length: 4000 }, () => random.below(2 ** 32));
  const ranked = (names: string, key: number): string =>
    [...names].reduce((best, name) =>
      mix(key ^ hashText(name)) > mix(key ^ hashText(best)) ? name : best,
    );

  it("4,000 keys on 8 replicas: 99.5 % on their first choice, none above 1.1 x the mean", () => {
    const placed = place(replicas, keys);
    const first = keys.filter((key, i) => ranked(replicas, key) === placed[i]).length / keys.length;
    expect(first).toBeGreaterThan(0.985);
    const loads = Object.values(counts(placed));
    expect(Math.max(...loads) / 500).toBeLessThan(1.1);
    expect(loads).toHaveLength(8);
  });

  it("about 13.5 % of the keys move when one of 8 replicas leaves", () => {
    const before = place(replicas, keys);
    const after = place(replicas.slice(0, 7), keys);
    const moved = before.filter((name, i) => name !== after[i]).length / keys.length;
    expect(moved).toBeGreaterThan(0.115);
    expect(moved).toBeLessThan(0.155);
  });

  it("one hot key overflows to its next replicas at 1.25 x the fair share", () => {
    const placed = counts(
      place(
        "abcd",
        Array.from({ length: 400 }, () => 12_345),
      ),
    );
    expect(Math.max(...Object.values(placed))).toBeLessThanOrEqual(125);
    expect(Object.keys(placed)).toHaveLength(4);
  });

  it("requests of one tenant with the same first messages meet at one replica", () => {
    const w = world("prefix-affinity", targetsOf(replicas));
    const system = { role: "system", content: "s".repeat(1500) };
    const turns = Array.from({ length: 20 }, (_, i) => ({
      role: "user",
      content: `${i} ${"u".repeat(600)}`,
    }));
    const names = turns.map((turn) => {
      const permit = permitOf(w.plan({ messages: [system, turn] }).next());
      permit.end("ok");
      return permit.target.name;
    });
    expect(new Set(names).size).toBe(1);
  });

  it("the hash ends with the last whole message, and differs by tenant and tools", () => {
    const w = world("prefix-affinity", targetsOf("ab"));
    const one = { role: "user", content: 'a "quoted" ] } text' };
    const hashOf = (body: Readonly<Record<string, unknown>>): number =>
      prefixHash(w.exchange(body));
    const cut = { role: "user", content: "y".repeat(2100) };
    const other = { role: "user", content: "z".repeat(2100) };
    expect(hashOf({ messages: [one, cut] })).toBe(hashOf({ messages: [one, other] }));
    expect(hashOf({ messages: [one, one] })).not.toBe(hashOf({ messages: [one] }));
    const tools = [{ type: "function", function: { name: "f" } }];
    expect(hashOf({ messages: [one], tools })).not.toBe(hashOf({ messages: [one] }));
  });

  it.each([
    ["messages", "system", { messages: [], max_tokens: 9 }],
    ["messages", "system", { messages: [{ role: "user", content: "u" }], max_tokens: 9 }],
    ["responses", "instructions", { input: "i" }],
  ] as const)("%s: what %s says comes first in the hash", (operation, member, rest) => {
    const w = world("prefix-affinity", targetsOf("ab"));
    const hashOf = (system: unknown): number => {
      const x = w.exchange();
      const bytes = Buffer.from(JSON.stringify({ ...rest, model: "m", [member]: system }));
      const body = readRequestBody(bytes, operation);
      if (isBodyProblem(body)) throw new TypeError(body.message);
      x.body = body;
      return prefixHash(x);
    };
    expect(hashOf("you are a")).not.toBe(hashOf("you are b"));
    const long = "s".repeat(3000);
    expect(hashOf(`${long}a`)).toBe(hashOf(`${long}b`));
  });
});

import { describe, expect, it } from "vitest";
import { parsePlanFile } from "../plan/load-plan-file.ts";
import { cycleOf } from "./graph.ts";
import { readStackSecrets } from "./secrets.ts";
import { stackSchema } from "./manifest.ts";

function problems(yaml: string): string[] {
  const parsed = parsePlanFile(yaml);
  return parsed.ok ? [] : parsed.problems.map((p) => `${p.line} ${p.path}: ${p.message}`);
}

const cache = `stack:
  services:
    cache:
      kind: redis
      url: redis://127.0.0.1:6379
`;

describe("the stack of a plan", () => {
  it("is enough of a plan by itself, with claims of its services alone", () => {
    const parsed = parsePlanFile(cache);
    expect(parsed.ok && parsed.plan.claims.map(({ id }) => id)).toContain("stack.cache.answers");
    expect(parsed.ok && parsed.plan.claims.every(({ of }) => of.startsWith("stack."))).toBe(true);
  });

  it("and a plan without target and stack is refused", () => {
    expect(problems("profile: quick\n")).toEqual(["1 target: give a target, a stack, or both"]);
  });

  it("declared volumes are promised, and without a check of them stay not tested", () => {
    const parsed = parsePlanFile(`${cache}      volumes: [/data]\n`);
    const claim = parsed.ok ? parsed.plan.claims.find(({ id }) => id.endsWith("volumes")) : null;
    expect(claim).toMatchObject({ items: ["/data"], required: true });
  });

  it("a declared version that no check of its kind looks at is promised and not tested", () => {
    const dns = "url: dns://127.0.0.1:53, names: [{ name: a }], version: '9'";
    const parsed = parsePlanFile(`stack: { services: { names: { kind: dns, ${dns} } } }`);
    const ids = parsed.ok ? parsed.plan.claims.map(({ id }) => id) : [];
    expect(ids).toContain("stack.names.version");
  });

  it("an unknown kind is refused by name, with line and the nearest", () => {
    const [problem] = problems(cache.replace("kind: redis", "kind: reddis"));
    expect(problem).toMatch(/^4 stack\.services\.cache\.kind: unknown kind "reddis"; known: /);
    expect(problem).toContain('Did you mean "redis"?');
  });

  it.each([["openai", "is the `target` of the plan"]])(
    "the kind %s is refused with where it is given instead",
    (kind, where) => {
      expect(problems(cache.replace("kind: redis", `kind: ${kind}`))[0]).toContain(where);
    },
  );

  it("an unknown key is refused with path, line and the nearest key", () => {
    expect(problems(`${cache}      persistance: aof\n`)).toEqual([
      '6 stack.services.cache.persistance: unknown key. Did you mean "persistence"?',
    ]);
  });

  it("edges that go round are refused with the whole round", () => {
    const other = cache.replace("stack:\n  services:\n", "").replace("cache:", "queue:");
    const edges = "  edges:\n    - { from: cache, to: queue }\n    - { from: queue, to: cache }\n";
    const [problem] = problems(cache + other + edges);
    expect(problem).toBe("11 stack.edges.1: the edges go round: cache -> queue -> cache");
  });

  it("an edge to nobody is refused with the nearest name", () => {
    const [problem] = problems(`${cache}  edges:\n    - { from: cache, to: cach }\n`);
    expect(problem).toBe('7 stack.edges.0.to: there is no service cach. Did you mean "cache"?');
  });

  it("a credential in a URL or in place of a reference is refused", () => {
    expect(problems(cache.replace("//", "//me:secret@"))[0]).toContain("carries a credential");
    for (const secret of ["hunter2", "83726451"]) {
      const [problem = ""] = problems(`${cache}      password: ${secret}\n`);
      expect(problem).toContain("${env:NAME}");
      expect(problem).not.toContain(secret);
    }
  });

  it("a missing variable is named, never guessed", async () => {
    const services = {
      cache: { kind: "redis", url: "redis://127.0.0.1:1", password: "${env:NOT_THERE}" },
    };
    const stack = stackSchema.parse({ services });
    await expect(readStackSecrets(stack, { env: {}, folder: "." })).rejects.toThrow(
      "stack.services.cache.password: the variable NOT_THERE is not set",
    );
  });
});

describe("rounds of edges", () => {
  it("are found however long, and none is found in a tree", () => {
    expect(cycleOf([{ from: "a", to: "a" }])).toEqual(["a", "a"]);
    const chain = Array.from({ length: 50 }, (_, i) => ({ from: `n${i}`, to: `n${i + 1}` }));
    expect(cycleOf(chain)).toBeNull();
    expect(cycleOf([...chain, { from: "n50", to: "n10" }])).toHaveLength(42);
  });
});
